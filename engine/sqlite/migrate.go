package sqlite

import (
	"embed"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

//go:embed schema
var schema embed.FS

// plan is what is still to be applied to a database.
type plan struct{ library, service []store.Migration }

// newPlan compares what the program brings with what a database has, and refuses a
// database that is newer or whose migrations were edited.
func newPlan(f found, service []store.Migration) (p plan, err error) {
	library, err := store.Migrations(schema, "schema")
	if err != nil {
		return p, err
	}
	if p.library, err = store.PendingMigrations(libraryComponent, library, f.applied[libraryComponent]); err != nil {
		return p, err
	}
	p.service, err = store.PendingMigrations(serviceComponent, service, f.applied[serviceComponent])
	return p, err
}

// migrate applies a plan, each step in a transaction of its own that also records
// it, and writes down the owner. It runs before the writer starts.
func (w *writer) migrate(p plan, owner string, now func() time.Time) error {
	for _, part := range []struct {
		component string
		steps     []store.Migration
	}{{libraryComponent, p.library}, {serviceComponent, p.service}} {
		for _, m := range part.steps {
			op := fmt.Sprintf("sqlite: migrate %s to %d (%s)", part.component, m.Version, m.Name)
			err := w.once(op, func() error {
				if _, err := w.conn.sql.ExecContext(bare, store.ForEngine("sqlite", m.SQL)); err != nil {
					return err
				}
				if w.gone {
					return torn(nil)
				}
				_, err := w.conn.exec(bare, "INSERT INTO bailiwick_migrations (component, version, name, checksum, applied) VALUES (?, ?, ?, ?, ?)",
					part.component, m.Version, m.Name, m.Checksum(), now().UnixMicro())
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return w.once("sqlite: record the owner", func() error {
		_, err := w.conn.exec(bare, "INSERT INTO bailiwick_meta (name, value) VALUES ('owner', ?) ON CONFLICT DO NOTHING", owner)
		return err
	})
}

// once runs fn in a transaction, before there is a queue.
func (w *writer) once(op string, fn func() error) error {
	refuse := func(err error) error {
		if infrastructure(resultCode(err)) {
			return unavailable(op, err)
		}
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err, Do: "correct the migration; nothing of it was applied"}
	}
	if err := w.begin(); err != nil {
		return err
	}
	if err := fn(); err != nil {
		w.rollback()
		return refuse(err)
	}
	w.committing = true
	defer func() { w.committing = false }()
	if _, err := w.conn.exec(bare, "COMMIT"); err != nil {
		w.rollback()
		return refuse(err)
	}
	return nil
}
