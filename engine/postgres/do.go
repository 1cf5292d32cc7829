package postgres

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store/driver"
)

const (
	// attempts is how often a transaction is run that the server undid for the
	// sake of another one, or whose connection was lost before COMMIT.
	attempts = 12
	// backoffFirst is the wait before the second run; it doubles up to backoffMax.
	backoffFirst = 2 * time.Millisecond
	backoffMax   = 250 * time.Millisecond
)

// Do runs fn in one read-write transaction, READ COMMITTED unless fn sets another
// isolation level first.
func (d *db) Do(ctx context.Context, fn func(driver.Tx) error) error {
	return d.do(ctx, "postgres: do", func(t *tx) error { return fn(t) })
}

// do is Do for this package's own work.
func (d *db) do(ctx context.Context, op string, fn func(*tx) error) error {
	return d.insistently(ctx, op, func() (again bool, err error) { return d.once(ctx, op, fn) })
}

// insistently calls once, and again while that may succeed and says so.
func (d *db) insistently(ctx context.Context, op string, once func() (again bool, err error)) error {
	if err := d.enter(op); err != nil {
		return err
	}
	defer d.leave()
	if d.opts.ReadOnly {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errReadOnly, Do: "open it as its owner"}
	}
	wait := backoffFirst
	for run := 1; ; run++ {
		if err := ctx.Err(); err != nil {
			return failure(op, err)
		}
		again, err := once()
		if err == nil || !again {
			return err
		}
		if run == attempts {
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err,
				Do: "nothing was changed; look at the server, or at who holds the rows so often"}
		}
		_ = pause(ctx, wait/2+rand.N(wait)) // that ctx has ended shows above
		wait = min(wait*2, backoffMax)
	}
}

// pause waits for the server, its connections and its other transactions, which live
// in real time whatever the database's clock says.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once runs fn in one transaction; again says that nothing remains of it and that
// another run may succeed.
func (d *db) once(ctx context.Context, op string, fn func(*tx) error) (again bool, err error) {
	s, err := d.session(ctx)
	if err != nil {
		return unreachable(err), failure(op, err)
	}
	defer s.Close()
	deaf := context.WithoutCancel(ctx)
	begun, err := s.BeginTx(deaf, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return unreachable(err), failure(op, err)
	}
	// After a commit, and after a connection was lost, this does nothing; else it
	// undoes what a failed or panicking closure did.
	defer begun.Rollback()

	t := &tx{db: d, sql: begun, ctx: deaf}
	err = fn(t)
	switch {
	case s.lost():
		return true, lost(op, err) // whatever the closure made of it
	case outage(err):
		return true, failure(op, err)
	case timeout(err):
		return false, failure(op, err)
	case err != nil:
		return repeatable(err), err
	}
	if err := t.learnXID(); err != nil {
		// A failed statement whose error the closure dropped is found out here.
		return unreachable(err) || s.lost() || repeatable(t.failed), failure(op, t.whyAborted(err))
	}
	proof.At(proof.BeforeCommit)
	if err := begun.Commit(); err != nil {
		again, err := d.undecided(op, s, t, err)
		if err != nil {
			return again, err
		}
	}
	proof.At(proof.AfterCommit)
	d.commits.Add(1)
	if t.appended {
		d.tell()
	}
	return false, nil
}

// lost says that the connection is gone, with what came of it.
func lost(op string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: errors.Join(errLost, err), Do: "nothing was changed; look at the server"}
}

// Read runs fn in one snapshot.
func (d *db) Read(ctx context.Context, fn func(driver.Tx) error) error {
	const op = "postgres: read"
	if err := d.enter(op); err != nil {
		return err
	}
	defer d.leave()
	s, err := d.session(ctx)
	if err != nil {
		return failure(op, err)
	}
	defer s.Close()
	begun, err := s.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return failure(op, err)
	}
	defer begun.Rollback() // nothing was changed
	err = fn(&tx{db: d, sql: begun, ctx: ctx, cancels: true})
	switch {
	case ctx.Err() != nil && err != nil:
		return failure(op, errors.Join(ctx.Err(), err))
	case s.lost():
		return lost(op, err)
	case outage(err), timeout(err):
		return failure(op, err)
	}
	return err
}
