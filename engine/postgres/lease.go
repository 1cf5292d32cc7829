package postgres

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick/store/driver"
)

// Lease takes, extends or releases a lease by the server's clock.
func (d *db) Lease(ctx context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	op := "postgres: lease " + name
	l := driver.Lease{Name: name}
	err := d.do(ctx, op, func(t *tx) error {
		l.Held = false
		if ttl <= 0 {
			_, err := t.exec(`UPDATE bailiwick_leases SET holder = '', until = clock_timestamp() WHERE name = $1 AND holder = $2`, name, holder)
			if err != nil {
				return failure(op, err)
			}
			return failure(op, t.readLease(&l))
		}
		// The row is locked before the clock is read, however long that took.
		err := t.queryRow(`INSERT INTO bailiwick_leases AS l (name, holder, term, until)
			VALUES ($1, $2, 1, clock_timestamp() + $3 * interval '1 microsecond')
			ON CONFLICT (name) DO UPDATE SET holder = $2, until = clock_timestamp() + $3 * interval '1 microsecond',
				term = CASE WHEN l.holder = $2 THEN l.term ELSE l.term + 1 END
			WHERE l.holder = $2 OR l.until <= clock_timestamp()
			RETURNING holder, term, until`, []any{name, holder, ttl.Microseconds()}, &l.Holder, &l.Term, &l.Until)
		if errors.Is(err, sql.ErrNoRows) {
			return failure(op, t.readLease(&l))
		}
		l.Held = err == nil
		return failure(op, err)
	})
	l.Until = l.Until.UTC()
	return l, err
}

// readLease reads whose it is. One that nobody ever took has no holder.
func (t *tx) readLease(l *driver.Lease) error {
	err := t.queryRow(`SELECT holder, term, until FROM bailiwick_leases WHERE name = $1`, []any{l.Name}, &l.Holder, &l.Term, &l.Until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
