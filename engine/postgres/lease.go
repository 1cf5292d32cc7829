package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick/store/driver"
)

// Lease takes, extends or releases a lease by the server's clock. Whoever has to
// wait for one writes nothing. One whose holder is not present any more is taken
// as if it had run out.
func (d *db) Lease(ctx context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	op := "postgres: lease " + name
	var l driver.Lease
	err := d.do(ctx, op, func(t *tx) (err error) {
		l, err = t.lease(name, holder, ttl)
		return failure(op, err)
	})
	l.Until = l.Until.UTC()
	return l, err
}

func (t *tx) lease(name, holder string, ttl time.Duration) (l driver.Lease, err error) {
	l, free, gone, err := t.lookAtLease(name, holder)
	switch {
	case err != nil:
		return l, err
	case ttl <= 0 && l.Holder == holder:
		err = t.queryRow(`UPDATE bailiwick_leases AS l SET holder = '', until = clock_timestamp()
			WHERE name = $1 AND `+leaseHolder+` = $2 RETURNING holder, until`, []any{name, holder}, &l.Holder, &l.Until)
	case ttl <= 0 || !free:
		return l, nil
	default:
		// The row is locked before the clock is read, however long that took. Of those
		// that find its holder gone the first gives it a higher term.
		err = t.queryRow(`INSERT INTO bailiwick_leases AS l (name, holder, term, until)
			VALUES ($1, $3, 1, clock_timestamp() + $4 * interval '1 microsecond')
			ON CONFLICT (name) DO UPDATE SET holder = $3, until = clock_timestamp() + $4 * interval '1 microsecond',
				term = CASE WHEN `+leaseHolder+` = $2 THEN l.term ELSE l.term + 1 END
			WHERE `+leaseHolder+` = $2 OR l.until <= clock_timestamp() OR $5 AND l.term = $6
			RETURNING term, until`,
			[]any{name, holder, t.db.presence.sign(holder), ttl.Microseconds(), gone, l.Term}, &l.Term, &l.Until)
		l.Holder, l.Held = holder, err == nil
	}
	if errors.Is(err, sql.ErrNoRows) { // somebody was faster
		l, _, _, err = t.lookAtLease(name, holder)
	}
	return l, err
}

// lookAtLease reads whose a lease is, whether holder may have it, and whether that
// is because its holder is gone. Such a lease has no holder, like one that nobody
// ever took.
func (t *tx) lookAtLease(name, holder string) (l driver.Lease, free, gone bool, err error) {
	l.Name = name
	err = t.queryRow(`SELECT CASE WHEN gone THEN '' ELSE holder END, term, until,
			gone OR holder = $2 OR until <= clock_timestamp(), gone
		FROM (SELECT `+leaseHolder+` AS holder, term, until,
			`+leaseHolder+` <> $2 AND until > clock_timestamp() AND `+leaseGone+` AS gone FROM bailiwick_leases l WHERE name = $1) AS l`,
		[]any{name, holder, int64(usePresence)}, &l.Holder, &l.Term, &l.Until, &free, &gone)
	if errors.Is(err, sql.ErrNoRows) {
		return l, true, false, nil
	}
	return l, free, gone, err
}
