package postgres

import (
	"context"
	"database/sql"
	"embed"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

//go:embed schema/*.sql
var schema embed.FS

// The components whose migrations are counted apart.
const (
	componentEngine  = "bailiwick"
	componentService = "service"
)

func engineMigrations() ([]store.Migration, error) { return store.Migrations(schema, "schema") }

// migrate checks everything there is to refuse, then records the owner and applies
// what is pending. Several processes may come at once: they take turns.
func (d *db) migrate(ctx context.Context, s *session, rebasing bool) error {
	l := d.lockName(useMigration)
	if _, err := s.ExecContext(ctx, `SELECT pg_advisory_lock($1::int, $2::int)`, l.use, l.of); err != nil {
		return err
	}
	defer unlock(context.WithoutCancel(ctx), s.Conn, l)

	if d.opts.Guest != "" {
		return d.verify(ctx, s, rebasing)
	}
	f, err := d.read(ctx, s.Conn)
	if err != nil {
		return err
	}
	if err := f.checkOwner(d.opts.Owner); err != nil {
		return err
	}
	if f.guest {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "postgres: open", Err: errManaged, Do: "open it with Options.Guest"}
	}
	engine, err := engineMigrations()
	if err != nil {
		return err
	}
	pendingEngine, err := store.PendingMigrations(componentEngine, engine, f.applied[componentEngine])
	if err != nil {
		return err
	}
	pendingService, err := store.PendingMigrations(componentService, d.opts.Migrations, f.applied[componentService])
	if err != nil {
		return err
	}
	pendingService = store.DueMigrations(pendingService, !f.exists, d.opts.Contract)
	if !rebasing {
		if err := f.checkIdentity(); err != nil {
			return err
		}
	}

	if !f.exists {
		if err := d.settle(ctx, s.Conn); err != nil {
			return err
		}
	}
	for _, m := range pendingEngine {
		if err := d.apply(ctx, s.Conn, componentEngine, m); err != nil {
			return err
		}
	}
	for _, m := range pendingService {
		if err := d.apply(ctx, s.Conn, componentService, m); err != nil {
			return err
		}
	}
	d.migrated.Store(true)
	return d.join(ctx, s)
}

// settle records whose database it is, with the table that migrations are
// recorded in.
func (d *db) settle(ctx context.Context, conn *sql.Conn) error {
	return inTx(ctx, conn, func(tx *sql.Tx) error {
		var exists bool
		if err := tx.QueryRowContext(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, d.schema).Scan(&exists); err != nil {
			return err
		}
		if !exists {
			if _, err := tx.ExecContext(ctx, `CREATE SCHEMA `+d.schema); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, d.q(ledger)); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, d.q(`INSERT INTO bailiwick_meta VALUES ('owner', $1)`), d.opts.Owner)
		return err
	})
}

// inTx runs fn in one transaction of conn.
func inTx(ctx context.Context, conn *sql.Conn, fn func(*sql.Tx) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}
