package sqlite

import (
	"context"
	"sync"
	"sync/atomic"
)

// maxGroup bounds how many transactions share a commit, so that the first of them
// does not wait for a thousand others.
const maxGroup = 256

// The states of a request.
const (
	waiting int32 = iota
	started
	withdrawn
)

// request is one transaction that somebody waits for.
type request struct {
	ctx   context.Context
	fn    func(*tx) error
	state atomic.Int32
	done  chan struct{} // closed when the outcome is durable

	// Set before done is closed.
	err      error
	panicked any
	exited   bool // the closure called runtime.Goexit
}

// start takes the request for running; false if its caller has gone, whom this
// tells.
func (r *request) start() bool {
	if r.state.Load() == started {
		return r.ctx.Err() == nil // it ran before, in a group that fell apart
	}
	return r.ctx.Err() == nil && r.state.CompareAndSwap(waiting, started)
}

// withdraw takes the request back; false if it runs already.
func (r *request) withdraw() bool { return r.state.CompareAndSwap(waiting, withdrawn) }

// queue holds the requests that wait for the writer. Whoever waits when the writer
// comes forms the next group.
type queue struct {
	mu     sync.Mutex
	list   []*request
	closed bool
	wake   chan struct{}
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// put adds a request; false if the queue was closed.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.list = append(q.list, r)
	q.mu.Unlock()
	q.signal()
	return true
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default: // it is awake
	}
}

// take returns up to maxGroup requests; more says that the queue is still open.
func (q *queue) take(into []*request) (group []*request, open bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.list), maxGroup)
	group = append(into, q.list[:n]...)
	rest := copy(q.list, q.list[n:])
	clear(q.list[rest:])
	q.list = q.list[:rest]
	return group, !q.closed
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.list)
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}
