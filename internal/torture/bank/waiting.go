package bank

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick/store"
)

// waiting wakes the requests that wait for a transfer to be settled. It remembers
// nothing: who comes late reads the transfer.
type waiting struct {
	mu sync.Mutex
	at map[string]*place
}

// place is where requests wait for one transfer.
type place struct {
	settled chan struct{} // closed when it is
	people  int
}

func newWaiting() *waiting { return &waiting{at: map[string]*place{}} }

// enter returns what is closed once a transfer is settled here. Whoever enters before
// reading the transfer as pending cannot miss it. leave is called once.
func (w *waiting) enter(id string) (settled <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.at[id]
	if p == nil {
		p = &place{settled: make(chan struct{})}
		w.at[id] = p
	}
	p.people++
	return p.settled, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if p.people--; p.people == 0 && w.at[id] == p {
			delete(w.at, id)
		}
	}
}

// wake ends the wait for a transfer.
func (w *waiting) wake(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.at[id]; p != nil {
		close(p.settled)
		delete(w.at, id)
	}
}

// glance is how often a transfer is looked at that another instance may settle.
const glance = 100 * time.Millisecond

// await keeps a request waiting until its transfer is settled, for as long as its
// Prefer header says (RFC 7240: "wait=2"), and then has next answer it.
func (d *desk) await(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait, _ := strings.CutPrefix(r.Header.Get("Prefer"), "wait=")
		if seconds, err := strconv.Atoi(wait); err == nil { // there is no wait where it is no number
			d.settled(r, time.Duration(seconds)*time.Second)
		}
		next.ServeHTTP(w, r)
	})
}

// settled returns when the transfer of a request is, or does not exist, or when the
// time is over or nobody waits any more.
func (d *desk) settled(r *http.Request, patience time.Duration) {
	id, enough := r.PathValue("id"), time.After(patience)
	settled, leave := d.waiting.enter(id)
	defer leave()
	for d.pending(r, id) {
		look := (<-chan time.Time)(nil)
		if d.db.Capabilities().Shared {
			look = time.After(glance)
		}
		select {
		case <-settled:
			return
		case <-look:
		case <-enough:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// pending says whether there is something to wait for.
func (d *desk) pending(r *http.Request, id string) bool {
	status := ""
	err := d.db.Read(r.Context(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT status FROM transfer WHERE id = ?`, id).Scan(&status)
	})
	return err == nil && status == Pending
}
