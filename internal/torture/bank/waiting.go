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
	at map[string]chan struct{} // closed when it is settled
}

func newWaiting() *waiting { return &waiting{at: map[string]chan struct{}{}} }

// enter returns what is closed once a transfer is settled. Whoever enters before
// reading the transfer as pending cannot miss it.
func (w *waiting) enter(id string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at[id] == nil {
		w.at[id] = make(chan struct{})
	}
	return w.at[id]
}

// wake ends the wait for a transfer.
func (w *waiting) wake(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.at[id]; c != nil {
		close(c)
		delete(w.at, id)
	}
}

// glance is how often a transfer is looked at that another instance may settle.
const glance = 50 * time.Millisecond

// await keeps a request waiting until its transfer is settled, for as long as its
// Prefer header says (RFC 7240: "wait=2"), and then has next answer it.
func (d *desk) await(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		wait, _ := strings.CutPrefix(r.Header.Get("Prefer"), "wait=")
		seconds, _ := strconv.Atoi(wait) // 0, and no wait, where it is no number
		enough := time.After(time.Duration(seconds) * time.Second)
		for id := r.PathValue("id"); seconds > 0; {
			settled, look := d.waiting.enter(id), (<-chan time.Time)(nil)
			if d.db.Capabilities().Shared {
				look = time.After(glance)
			}
			if !d.pending(r, id) {
				d.waiting.wake(id)
				break
			}
			select {
			case <-settled:
			case <-look:
			case <-enough:
				seconds = 0
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// pending says whether there is something to wait for.
func (d *desk) pending(r *http.Request, id string) bool {
	status := ""
	err := d.db.Read(r.Context(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT status FROM transfer WHERE id = ?`, id).Scan(&status)
	})
	return err == nil && status == Pending
}
