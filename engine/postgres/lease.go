package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick/store/driver"
)

// missedFor is how long a lease's holder must have been missed before it counts as
// gone: a pool may have to make its only connection anew.
const missedFor = 200 * time.Millisecond

// noTerm is under which nobody holds a lease.
const noTerm = 0

// Lease takes, extends or releases a lease by the server's clock. Whoever has to
// wait for one asks with a single statement, which writes nothing. One whose holder
// is not present any more, when looked at twice, is taken as if it had run out.
func (d *db) Lease(ctx context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	op := "postgres: lease " + name
	l, free, missed, err := d.lookAtLease(ctx, op, name, holder)
	gone := int64(noTerm)
	if err == nil && missed {
		term := l.Term
		if err := pause(ctx, missedFor); err != nil {
			return l, failure(op, err)
		}
		l, free, missed, err = d.lookAtLease(ctx, op, name, holder)
		if err == nil && missed && l.Term == term {
			l.Holder, free, gone = "", true, term
		}
	}
	switch {
	case err != nil:
	case ttl > 0 && free:
		l, err = d.takeLease(ctx, op, l, holder, ttl, gone)
	case ttl <= 0 && l.Holder == holder:
		l, err = d.releaseLease(ctx, op, l)
	}
	l.Until = l.Until.UTC()
	return l, err
}

// lookAtLease reads whose a lease is, whether holder may have it anyway, and whether
// who has it is missed. One that nobody ever took has no holder.
func (d *db) lookAtLease(ctx context.Context, op, name, holder string) (l driver.Lease, free, missed bool, err error) {
	err = d.insistently(ctx, op, func() (again bool, err error) {
		l, free, missed = driver.Lease{Name: name}, true, false
		s, err := d.session(ctx)
		if err != nil {
			return unreachable(err), failure(op, err)
		}
		defer s.Close()
		err = s.QueryRowContext(context.WithoutCancel(ctx), d.q(`SELECT holder, term, until, free, CASE WHEN free THEN false ELSE missed END
			FROM (SELECT `+leaseHolder+` AS holder, term, until, `+leaseHolder+` = $2 OR until <= clock_timestamp() AS free,
				`+leaseMissed+` AS missed FROM bailiwick_leases l WHERE name = $1) AS l`),
			name, holder, int64(usePresence)).Scan(&l.Holder, &l.Term, &l.Until, &free, &missed)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return unreachable(err), failure(op, err)
	})
	return l, free, missed, err
}

// takeLease takes or extends a lease that was found free, unless somebody is faster.
// The row is locked before the clock is read, however long that takes; of those that
// find its holder gone the first gives it a higher term.
func (d *db) takeLease(ctx context.Context, op string, l driver.Lease, holder string, ttl time.Duration, gone int64) (driver.Lease, error) {
	err := d.do(ctx, op, func(t *tx) error {
		err := t.queryRow(`INSERT INTO bailiwick_leases AS l (name, holder, term, until)
			VALUES ($1, $3, 1, clock_timestamp() + $4 * interval '1 microsecond')
			ON CONFLICT (name) DO UPDATE SET holder = $3, until = clock_timestamp() + $4 * interval '1 microsecond',
				term = CASE WHEN `+leaseHolder+` = $2 THEN l.term ELSE l.term + 1 END
			WHERE `+leaseHolder+` = $2 OR l.until <= clock_timestamp() OR l.term = $5
			RETURNING term, until`,
			[]any{l.Name, holder, d.presence.sign(holder), ttl.Microseconds(), gone}, &l.Term, &l.Until)
		l.Held = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return failure(op, err)
	})
	if err == nil && !l.Held {
		l, _, _, err = d.lookAtLease(ctx, op, l.Name, holder)
		return l, err
	}
	l.Holder = holder
	return l, err
}

// releaseLease gives a lease back that is its holder's still. Else it is another's by
// now, and that is what is returned.
func (d *db) releaseLease(ctx context.Context, op string, l driver.Lease) (driver.Lease, error) {
	holder, released := l.Holder, false
	err := d.do(ctx, op, func(t *tx) error {
		err := t.queryRow(`UPDATE bailiwick_leases AS l SET holder = '', until = clock_timestamp()
			WHERE name = $1 AND `+leaseHolder+` = $2 AND term = $3 RETURNING until`, []any{l.Name, holder, l.Term}, &l.Until)
		released = err == nil
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return failure(op, err)
	})
	if err == nil && !released {
		l, _, _, err = d.lookAtLease(ctx, op, l.Name, holder)
		return l, err
	}
	l.Holder = ""
	return l, err
}
