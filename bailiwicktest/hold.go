package bailiwicktest

import (
	"context"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A hold keeps messages from arriving.
type hold struct {
	released chan struct{}
	once     sync.Once
}

// Hold keeps messages of a type from arriving at a service, and all that come after
// them in their log, as a slow network does: for an answer that comes late, hold the
// type of the answers ("order.saga.reply") at the service that waits for them. release
// lets them through; Settle does not wait for what is held.
func (w *World) Hold(service, typ string) (release func()) {
	h := &hold{released: make(chan struct{})}
	w.holds.Store(target{service, typ}, h)
	return func() {
		h.once.Do(func() {
			w.holds.CompareAndDelete(target{service, typ}, h)
			close(h.released)
		})
	}
}

// A slowFeed is a log as a service reads it over the test's network.
type slowFeed struct {
	*store.Feed
	world   *World
	service string

	mu sync.Mutex
	at int64 // seq of the message that by is for; 0 if none is held
	by *hold
}

// Read returns what comes before the first message that is held.
func (f *slowFeed) Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	batch, err := f.Feed.Read(ctx, after, limit)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.by = 0, nil
	last := after
	for i, m := range batch.Messages {
		if h, held := f.world.holds.Load(target{f.service, m.Type}); held {
			f.at, f.by = m.Seq, h.(*hold)
			return bailiwick.Batch{Messages: batch.Messages[:i], Through: last}, err
		}
		last = m.Position()
	}
	return batch, err
}

// Wait waits for what follows, and for what is held until it is released.
func (f *slowFeed) Wait(ctx context.Context, after bailiwick.Position) error {
	if by := f.heldAfter(after.Seq); by != nil {
		select {
		case <-by.released:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return f.Feed.Wait(ctx, after)
}

func (f *slowFeed) heldAfter(seq int64) *hold {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.by != nil && f.at == seq+1 && !f.by.isReleased() {
		return f.by
	}
	return nil
}

// Ack passes the position on. What the service has cannot be held.
func (f *slowFeed) Ack(p bailiwick.Position) {
	f.mu.Lock()
	if p.Seq >= f.at {
		f.at, f.by = 0, nil
	}
	f.mu.Unlock()
	f.Feed.Ack(p)
}

// Head is how far the log reaches, as far as the service can know.
func (f *slowFeed) Head() int64 {
	f.mu.Lock()
	at, by := f.at, f.by
	f.mu.Unlock()
	if by != nil && !by.isReleased() {
		return at - 1
	}
	return f.Feed.Head()
}

func (h *hold) isReleased() bool {
	select {
	case <-h.released:
		return true
	default:
		return false
	}
}
