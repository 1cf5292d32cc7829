package memory

import (
	"errors"
	"slices"
)

// writer is the lock that every transaction takes where there is one writer.
const writer = ""

// A lock belongs to one transaction until that ends, and then to whoever waited
// longest.
type lock struct {
	owner *tx
	queue []*tx
}

var errDeadlock = errors.New("transactions wait for each other")

// lock takes a lock, by waiting for it if need be. Of transactions that wait for each
// other in a circle the one that closes it fails, and runs again.
func (t *tx) lock(key string) error {
	d := t.db.disk
	d.mu.Lock()
	if err := t.alive(); err != nil {
		d.mu.Unlock()
		return err
	}
	l := d.locks[key]
	switch {
	case l == nil:
		d.locks[key] = &lock{owner: t}
		t.locks = append(t.locks, key)
		d.mu.Unlock()
		return nil
	case l.owner == t:
		d.mu.Unlock()
		return nil
	}
	for other := l.owner; other != nil; {
		if other == t {
			t.again = true
			d.mu.Unlock()
			return errDeadlock
		}
		if other.waits == nil {
			break
		}
		other = other.waits.owner
	}
	l.queue = append(l.queue, t)
	t.waits, t.granted = l, make(chan struct{})
	d.mu.Unlock()
	select {
	case <-t.granted:
	case <-t.db.killed:
	}
	return t.db.hold(t.ctx, "locked", key).Before
}

// release gives back all locks, when the transaction has ended. d.mu is held.
func (t *tx) release() {
	d := t.db.disk
	t.ended = true
	if t.waits != nil {
		t.waits.queue = slices.DeleteFunc(t.waits.queue, func(other *tx) bool { return other == t })
		t.waits = nil
	}
	for _, key := range t.locks {
		l := d.locks[key]
		l.queue = slices.DeleteFunc(l.queue, func(other *tx) bool { return other.db.alive() != nil })
		if len(l.queue) == 0 {
			delete(d.locks, key)
			continue
		}
		next := l.queue[0]
		l.owner, l.queue = next, l.queue[1:]
		next.locks, next.waits = append(next.locks, key), nil
		close(next.granted)
	}
	t.locks = nil
}
