package order

import (
	"slices"
	"sync"

	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// hub wakes the requests that wait for a document to be settled. It remembers
// nothing: who comes late reads the document.
type hub struct {
	mu      sync.Mutex
	waiting map[string][]*waiter
}

// verdict is how a document was settled.
type verdict struct{ status, reason string }

// of is a pending document as it stands after the verdict.
func (v verdict) of(s orderapi.Summary) orderapi.Summary {
	s.Status, s.Reason = v.status, v.reason
	if v.status == orderapi.StatusRejected {
		s.Refund = 0
	}
	return s
}

// waiter is one request's place in the hub.
type waiter struct {
	hub *hub
	id  string
	// settled gets the verdict, once.
	settled chan verdict
}

func newHub() *hub { return &hub{waiting: map[string][]*waiter{}} }

// enter takes a place. Whoever does so before reading the document as pending
// cannot miss its verdict.
func (h *hub) enter(id string) *waiter {
	w := &waiter{hub: h, id: id, settled: make(chan verdict, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waiting[id] = append(h.waiting[id], w)
	return w
}

// leave gives the place up. It may be called after the verdict as well.
func (w *waiter) leave() {
	h := w.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	rest := slices.DeleteFunc(h.waiting[w.id], func(other *waiter) bool { return other == w })
	if len(rest) == 0 {
		delete(h.waiting, w.id)
		return
	}
	h.waiting[w.id] = rest
}

// wake tells everyone who waits for a document how it was settled.
func (h *hub) wake(id string, v verdict) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.waiting[id] {
		w.settled <- v // has room: a document settles once
	}
	delete(h.waiting, id)
}
