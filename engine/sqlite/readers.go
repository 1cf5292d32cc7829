package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
)

// readers are the connections that read. Each read runs in a snapshot of its own.
type readers struct {
	open    func(context.Context) (*conn, error)
	tokens  chan struct{} // one for each connection that may be in use
	waiting atomic.Int64

	mu     sync.Mutex
	idle   []*conn // the last used is the next used, so that few get opened
	made   int
	closed bool
}

func newReaders(n int, open func(context.Context) (*conn, error)) *readers {
	r := &readers{open: open, tokens: make(chan struct{}, n)}
	for range n {
		r.tokens <- struct{}{}
	}
	return r
}

// do runs fn in a snapshot. Cancelling ctx stops its statements.
func (r *readers) do(ctx context.Context, op string, fn func(*conn) error) error {
	c, err := r.take(ctx, op)
	if err != nil {
		return err
	}
	done := false
	defer func() {
		_, err := c.exec(context.Background(), "ROLLBACK")
		// A statement that was interrupted, or a closure that did not return, may
		// leave a connection in a state that nobody should have to think about.
		r.give(c, done && err == nil && ctx.Err() == nil)
	}()
	if _, err := c.exec(ctx, "BEGIN"); err != nil {
		return failure(op, err)
	}
	err = fn(c)
	done = true
	return err
}

func (r *readers) take(ctx context.Context, op string) (*conn, error) {
	if ctx.Err() != nil {
		return nil, cancelled(op, ctx)
	}
	r.waiting.Add(1)
	defer r.waiting.Add(-1)
	select {
	case <-r.tokens:
	case <-ctx.Done():
		return nil, cancelled(op, ctx)
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		r.tokens <- struct{}{}
		return nil, closed(op)
	}
	if n := len(r.idle); n > 0 {
		c := r.idle[n-1]
		r.idle = r.idle[:n-1]
		r.mu.Unlock()
		return c, nil
	}
	r.mu.Unlock()
	c, err := r.open(ctx)
	if err != nil {
		r.tokens <- struct{}{}
		return nil, failure(op, err)
	}
	r.mu.Lock()
	r.made++
	r.mu.Unlock()
	return c, nil
}

func (r *readers) give(c *conn, sound bool) {
	r.mu.Lock()
	if sound {
		r.idle = append(r.idle, c)
	} else {
		r.made--
	}
	r.mu.Unlock()
	if !sound {
		_ = c.close()
	}
	r.tokens <- struct{}{}
}

// close waits for running reads, then closes the connections.
func (r *readers) close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	for range cap(r.tokens) {
		<-r.tokens
	}
	var first error
	for _, c := range r.idle {
		if err := c.close(); err != nil && first == nil {
			first = err
		}
	}
	r.idle, r.made = nil, 0
	for range cap(r.tokens) {
		r.tokens <- struct{}{} // who comes later is told that it is closed
	}
	return first
}

// counts returns how many connections are open and idle, and how many callers wait.
func (r *readers) counts() (open, idle, waiting int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made, len(r.idle), int(r.waiting.Load())
}
