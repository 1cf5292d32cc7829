package upgrade_test

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// pace has the shop's documents come one by one for as long as an upgrade takes, so
// that there is work under way all the time. Each comes a little later after the one
// before, so that a slow machine does not run out of them. It is over once done is
// closed.
type pace struct {
	http.RoundTripper
	done chan struct{}

	mu    sync.Mutex
	every time.Duration // between the last document and the next
	turn  time.Time     // of the next
}

// newPace begins with thirty documents a second; after three hundred it is seven.
func newPace(through http.RoundTripper) *pace {
	return &pace{RoundTripper: through, done: make(chan struct{}), every: 30 * time.Millisecond}
}

// RoundTrip sends a request; a document waits for its turn.
func (p *pace) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/order/") {
		select {
		case <-time.After(time.Until(p.next())):
		case <-p.done:
		case <-r.Context().Done():
		}
	}
	return p.RoundTripper.RoundTrip(r)
}

func (p *pace) next() (mine time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	mine = time.Now()
	if p.turn.After(mine) {
		mine = p.turn
	}
	p.turn = mine.Add(p.every)
	p.every += p.every / 200
	return mine
}
