package httpfeed

import (
	"context"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
)

// call is a request under way, shared by all who want the same.
type call struct {
	after, acked bailiwick.Position
	wait         time.Duration
	limit        int

	users  int // guarded by the feed's mutex
	cancel context.CancelFunc
	done   chan struct{}
	run    *run
	err    error
}

// untold is for how long the log may not know what was committed while a request
// waits there: by a lane that is still at work, or in another instance.
const untold = time.Second

// fetch asks the server, or joins somebody who does. Lanes that wait at one place
// wait together; but one that has committed more since asks anew, to tell of it, and
// so does whoever waits when others have. The request ends when the last who wants it
// has gone.
func (f *Feed) fetch(ctx context.Context, after bailiwick.Position, wait time.Duration, limit int) (*run, error) {
	if limit > 1 {
		limit = 0 // as many as the server gives: what is over is read from the window
	}
	look := time.NewTicker(untold)
	defer look.Stop()
	for c := f.join(after, wait, limit); ; {
		select {
		case <-c.done:
			f.leave(c)
			return c.run, c.err
		case <-look.C:
			if wait > 0 && f.committedSince(c) {
				told := c
				c = f.join(after, wait, limit)
				f.abandon(told)
			}
		case <-ctx.Done():
			f.abandon(c)
			return nil, ctx.Err()
		}
	}
}

// committedSince says whether there is something that the call does not tell of.
func (f *Feed) committedSince(c *call) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return c.acked != f.acked
}

// abandon leaves a call whose answer is not wanted any more.
func (f *Feed) abandon(c *call) {
	if f.leave(c) {
		<-c.done
	}
}

func (f *Feed) join(after bailiwick.Position, wait time.Duration, limit int) *call {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.calls {
		if c.after == after && c.acked == f.acked && c.wait == wait && c.limit == limit {
			c.users++
			return c
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := &call{after: after, acked: f.acked, wait: wait, limit: limit, users: 1, cancel: cancel, done: make(chan struct{})}
	f.calls = append(f.calls, c)
	go f.perform(ctx, c)
	return c
}

// leave says whether nobody wants the call any more.
func (f *Feed) leave(c *call) (last bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.users--
	if c.users == 0 {
		f.drop(c)
		c.cancel()
	}
	return c.users == 0
}

func (f *Feed) drop(c *call) {
	f.calls = slices.DeleteFunc(f.calls, func(o *call) bool { return o == c })
}

// perform carries the request out and keeps what it brings.
func (f *Feed) perform(ctx context.Context, c *call) {
	defer close(c.done)
	f.mu.Lock()
	at := place{c.after, f.window.idAt(c.after)}
	f.mu.Unlock()
	got, err := f.ask(ctx, c, at)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(c)
	if err != nil {
		c.err = err
		return
	}
	c.run, f.head = got.run, got.head
	f.window.push(got.run)
}
