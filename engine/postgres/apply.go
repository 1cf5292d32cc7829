package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

const (
	// lockTimeout is how long a step waits for a lock before it lets everybody pass
	// who queued behind it, and tries again.
	lockTimeout = 500 * time.Millisecond
	// lockTries is how often it tries: with the pauses in between, about two minutes.
	lockTries      = 40
	lockPauseFirst = 100 * time.Millisecond
	lockPauseMax   = 3 * time.Second
)

// apply runs one migration and records it: in one transaction, but for what its
// phase demands.
func (d *db) apply(ctx context.Context, conn *sql.Conn, component string, m store.Migration) error {
	defer store.WatchMigration(d.opts.Store.Logger, component, m)()
	op := fmt.Sprintf("postgres: migrate %s to %d (%s)", component, m.Version, m.Name)
	var err error
	switch m.Phase {
	case store.Concurrent:
		err = d.applyConcurrent(ctx, conn, component, m)
	case store.Backfill:
		err = d.applyBackfill(ctx, conn, component, m)
	case store.Contract:
		var letIn func()
		if letIn, err = d.keepOlderOut(ctx, conn, m.Version); err == nil {
			err = d.applyAtOnce(ctx, conn, component, m)
			letIn()
		}
	default:
		err = d.applyAtOnce(ctx, conn, component, m)
	}
	var known *bailiwick.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if unreachable(err) || timeout(err) || ctx.Err() != nil {
		return failure(op, err)
	}
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err, Do: "correct the migration; nothing of it was applied"}
}

// applyAtOnce runs all of a step in the transaction that records it.
func (d *db) applyAtOnce(ctx context.Context, conn *sql.Conn, component string, m store.Migration) error {
	return d.patiently(ctx, conn, m, func(tx *sql.Tx) error {
		if err := check(ctx, tx, m); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, store.ForEngine("postgres", m.SQL)); err != nil {
			return err
		}
		return d.record(ctx, tx, component, m)
	})
}

// applyBackfill repeats a step until it changes nothing any more.
func (d *db) applyBackfill(ctx context.Context, conn *sql.Conn, component string, m store.Migration) error {
	for changed := int64(1); changed > 0; {
		err := d.patiently(ctx, conn, m, func(tx *sql.Tx) error {
			done, err := tx.ExecContext(ctx, store.ForEngine("postgres", m.SQL))
			if err == nil {
				changed, err = done.RowsAffected()
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.patiently(ctx, conn, m, func(tx *sql.Tx) error {
		if err := check(ctx, tx, m); err != nil {
			return err
		}
		return d.record(ctx, tx, component, m)
	})
}

// applyConcurrent runs a step outside of a transaction, and records it afterwards.
// It has no lock timeout: it makes nobody wait, and one that gave up would leave an
// index that is no use.
func (d *db) applyConcurrent(ctx context.Context, conn *sql.Conn, component string, m store.Migration) error {
	const invalid = `SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		WHERE NOT i.indisvalid AND c.relnamespace = to_regnamespace($1)`
	var name string
	if _, err := conn.ExecContext(ctx, `SET search_path = `+d.schema); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, store.ForEngine("postgres", m.SQL))
	if _, reset := conn.ExecContext(context.WithoutCancel(ctx), `RESET search_path`); err == nil {
		err = reset
	}
	if err == nil {
		err = conn.QueryRowContext(ctx, invalid, d.schema).Scan(&name)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return d.patiently(ctx, conn, m, func(tx *sql.Tx) error { return d.record(ctx, tx, component, m) })
	case err == nil:
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: "postgres: migrate " + component + " to " + strconv.Itoa(m.Version),
			Err: fmt.Errorf("the index %s was left unfinished", name), Do: "DROP INDEX CONCURRENTLY " + name + ", then start again"}
	}
	return err
}

// check refuses a step whose check finds something.
func check(ctx context.Context, tx *sql.Tx, m store.Migration) error {
	if m.Check == "" {
		return nil
	}
	rows, err := tx.QueryContext(ctx, store.ForEngine("postgres", m.Check))
	if err != nil {
		return err
	}
	defer rows.Close()
	return store.CheckFailed("postgres: migrate to "+strconv.Itoa(m.Version)+" ("+m.Name+")", rows)
}

func (d *db) record(ctx context.Context, tx *sql.Tx, component string, m store.Migration) error {
	_, err := tx.ExecContext(ctx, d.q(`INSERT INTO bailiwick_migrations (component, version, name, checksum) VALUES ($1, $2, $3, $4)`),
		component, m.Version, m.Recorded(), m.Checksum())
	return err
}

// patiently runs fn in a transaction that does not wait long for locks: a waiting
// ALTER TABLE has everybody queue behind it who only wants to read. It tries again
// after a pause in which they pass, and in the end says that somebody holds on.
func (d *db) patiently(ctx context.Context, conn *sql.Conn, m store.Migration, fn func(*sql.Tx) error) error {
	pause := lockPauseFirst
	for n := 1; ; n++ {
		err := inTx(ctx, conn, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, `SET LOCAL search_path = `+d.schema); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, `SET LOCAL lock_timeout = `+strconv.FormatInt(lockTimeout.Milliseconds(), 10)); err != nil {
				return err
			}
			return fn(tx)
		})
		if state(err) != lockNotAvailable && !repeatable(err) {
			return err
		}
		if n == lockTries {
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "postgres: migrate to " + strconv.Itoa(m.Version) + " (" + m.Name + ")", Err: err,
				Do: "find the transaction that holds the table (pg_stat_activity, pg_locks), end it and start again; nothing was changed"}
		}
		d.logger().Warn("a migration waits for a lock and lets others pass", "version", m.Version, "migration", m.Recorded(), "attempt", n, "err", err)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(pause*2, lockPauseMax)
	}
}

func (d *db) logger() *slog.Logger {
	if d.opts.Store.Logger == nil {
		return slog.Default()
	}
	return d.opts.Store.Logger
}
