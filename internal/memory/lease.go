package memory

import (
	"context"
	"time"

	"github.com/bailiwick/bailiwick/store/driver"
)

// Lease takes, extends or releases a lease by the disk's clock. One whose holder took
// it through an owner that has gone has no holder any more.
func (db *DB) Lease(ctx context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	if err := db.enter(ctx); err != nil {
		return driver.Lease{}, err
	}
	defer db.leave()
	op := "lease"
	if ttl <= 0 {
		op = "release"
	}
	fate := db.hold(ctx, op, name)
	if fate.Before != nil {
		return driver.Lease{}, fate.Before
	}
	d := db.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.options.Clock.Now().UTC()
	l := d.state.leases[name]
	l.Name, l.Held = name, false
	if !d.open[d.holders[name]] {
		l.Holder, l.Until = "", now
	}
	switch {
	case ttl <= 0 && l.Holder != holder:
		return l, fate.After
	case ttl <= 0:
		l.Holder, l.Until = "", now
	case l.Holder != holder && now.Before(l.Until):
		return l, fate.After
	default:
		if l.Holder != holder {
			l.Term++
		}
		l.Holder, l.Until, l.Held = holder, now.Add(ttl), true
		d.holders[name] = db
	}
	stored := l
	stored.Held = false
	d.writable().leases[name] = stored
	return l, fate.After
}

// ForgetHolders has the server take everybody for gone: who holds a lease goes on as if
// he did, and whoever asks for it gets it.
func (d *Disk) ForgetHolders() {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.holders)
}
