package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
)

// A program's generation is how many of the service's migrations it knows. Each of
// its connections holds a share of a lock that is named after it, beside the share
// of the ownership: so whoever contracts the schema can tell that no older program
// is at work, and keep those out that come back meanwhile.
func (d *db) generation(n int) lockName { return d.lockName(useGeneration + int32(n)) }

var (
	errContracting = errors.New("its schema is being contracted by a newer program")
	errOvertaken   = errors.New("a newer program has contracted the schema")
	errOlderRuns   = errors.New("a program that needs what is to be taken away is running")
)

// join takes this connection's share of its program's generation, once, and makes
// sure that the schema was not contracted since the program looked at it: it may
// have had no connection at that moment.
func (d *db) join(ctx context.Context, s *session) error {
	if d.opts.ReadOnly || d.opts.Offline || !d.migrated.Load() {
		return nil // it uses none of the service's tables, or has yet to look
	}
	mark := fmt.Sprintf("bailiwick %s at %d", d.opts.Schema, len(d.opts.Migrations))
	if s.pg.PgConn().CustomData()[mark] != nil {
		return nil
	}
	l := d.generation(len(d.opts.Migrations))
	got, err := tryLock(ctx, s.Conn, "pg_try_advisory_lock_shared", l)
	if err != nil {
		return err
	}
	if !got {
		return &bailiwick.Error{Code: bailiwick.Locked, Op: "postgres: connect", Err: errContracting, Do: "stop this program; the newer one has taken over"}
	}
	var overtaken bool
	err = s.QueryRowContext(ctx, d.q(`SELECT EXISTS (SELECT 1 FROM bailiwick_migrations
		WHERE component = $1 AND version > $2 AND name !~ '[.](expand|concurrent|backfill)$')`), componentService, len(d.opts.Migrations)).Scan(&overtaken)
	if err == nil && overtaken {
		err = &bailiwick.Error{Code: bailiwick.SchemaNewer, Op: "postgres: connect", Err: errOvertaken, Do: "stop this program; the newer one has taken over"}
	}
	if err != nil {
		var held bool
		_ = s.QueryRowContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock_shared($1::int, $2::int)`, l.use, l.of).Scan(&held) // a lost connection has lost it too
		return err
	}
	s.pg.PgConn().CustomData()[mark] = true
	return nil
}

// keepOlderOut makes sure that no program is at work that does not know the step
// to version, and that none gets in before letIn is called.
func (d *db) keepOlderOut(ctx context.Context, conn *sql.Conn, version int) (letIn func(), err error) {
	var held []lockName
	letIn = func() {
		for _, l := range held {
			unlock(context.WithoutCancel(ctx), conn, l)
		}
	}
	for n := range version {
		l := d.generation(n)
		got, err := insist(ctx, conn, l)
		if err == nil && !got {
			err = &bailiwick.Error{Code: bailiwick.Locked, Op: fmt.Sprintf("postgres: contract to %d", version), Err: errOlderRuns,
				Do: "stop the older instances, all of them, then contract again"}
		}
		if err != nil {
			letIn()
			return nil, err
		}
		held = append(held, l)
	}
	return letIn, nil
}
