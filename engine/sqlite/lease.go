package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/bailiwick/bailiwick/store/driver"
)

// Lease takes, extends or releases a lease. The database's clock is the store's:
// one process owns the file.
func (db *DB) Lease(ctx context.Context, name, holder string, ttl time.Duration) (l driver.Lease, err error) {
	err = db.change(ctx, "sqlite: lease", func(t *tx) error {
		now := db.now()
		var until int64
		l = driver.Lease{Name: name}
		err := t.queryRow("SELECT holder, term, until FROM bailiwick_leases WHERE name = ?", name).Scan(&l.Holder, &l.Term, &until)
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		l.Until = time.UnixMicro(until).UTC()
		mine := l.Holder == holder
		switch {
		case ttl <= 0 && !mine:
			return nil // somebody else's stays as it is
		case ttl <= 0:
			l.Holder, l.Until = "", now
		case !mine && l.Until.After(now):
			return nil
		default:
			if !mine {
				l.Holder = holder
				l.Term++
			}
			l.Until, l.Held = now.Add(ttl), true
		}
		l.Until = l.Until.UTC().Truncate(time.Microsecond)
		_, err = t.exec(`INSERT INTO bailiwick_leases (name, holder, term, until) VALUES (?, ?, ?, ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, term = excluded.term, until = excluded.until`,
			name, l.Holder, l.Term, l.Until.UnixMicro())
		return err
	})
	return l, err
}
