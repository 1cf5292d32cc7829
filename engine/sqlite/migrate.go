package sqlite

import (
	"context"
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
func newPlan(f found, service []store.Migration, contract bool) (p plan, err error) {
	library, err := store.Migrations(schema, "schema")
	if err != nil {
		return p, err
	}
	if p.library, err = store.PendingMigrations(libraryComponent, library, f.applied[libraryComponent]); err != nil {
		return p, err
	}
	p.service, err = store.PendingMigrations(serviceComponent, service, f.applied[serviceComponent])
	p.service = store.DueMigrations(p.service, f.owner == "", contract)
	return p, err
}

// migrate applies a plan and writes down the owner. It runs before the writer
// starts; ctx is honoured between transactions.
func (w *writer) migrate(ctx context.Context, p plan, opts Options) error {
	for _, part := range []struct {
		component string
		steps     []store.Migration
	}{{libraryComponent, p.library}, {serviceComponent, p.service}} {
		for _, m := range part.steps {
			done := store.WatchMigration(opts.Store.Logger, part.component, m)
			err := w.apply(ctx, part.component, m, opts.Store.Clock.Now)
			done()
			if err != nil {
				return err
			}
		}
	}
	return w.once("sqlite: record the owner", func() error {
		_, err := w.conn.exec(bare, "INSERT INTO bailiwick_meta (name, value) VALUES ('owner', ?) ON CONFLICT DO NOTHING", opts.Owner)
		return err
	})
}

// apply runs one step and records it in the same transaction. A backfill has had
// transactions of its own before, as many as it took.
func (w *writer) apply(ctx context.Context, component string, m store.Migration, now func() time.Time) error {
	op := fmt.Sprintf("sqlite: migrate %s to %d (%s)", component, m.Version, m.Name)
	for changed := int64(1); m.Phase == store.Backfill && changed > 0; {
		if ctx.Err() != nil {
			return cancelled(op, ctx)
		}
		err := w.once(op, func() error {
			done, err := w.conn.sql.ExecContext(bare, store.ForEngine("sqlite", m.SQL))
			if err == nil {
				changed, err = done.RowsAffected()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return w.once(op, func() error {
		if err := w.check(op, m); err != nil {
			return err
		}
		if m.Phase != store.Backfill {
			if _, err := w.conn.sql.ExecContext(bare, store.ForEngine("sqlite", m.SQL)); err != nil {
				return err
			}
		}
		if w.gone {
			return torn(nil)
		}
		_, err := w.conn.exec(bare, "INSERT INTO bailiwick_migrations (component, version, name, checksum, applied) VALUES (?, ?, ?, ?, ?)",
			component, m.Version, m.Recorded(), m.Checksum(), now().UnixMicro())
		return err
	})
}

// check refuses a step whose check finds something.
func (w *writer) check(op string, m store.Migration) error {
	if m.Check == "" {
		return nil
	}
	rows, err := w.conn.sql.QueryContext(bare, store.ForEngine("sqlite", m.Check))
	if err != nil {
		return err
	}
	defer rows.Close()
	return store.CheckFailed(op, rows)
}

// once runs fn in a transaction, before there is a queue.
func (w *writer) once(op string, fn func() error) error {
	refuse := func(err error) error {
		if bailiwick.CodeOf(err) == bailiwick.Conflict {
			return err
		}
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
