package httpstep

import (
	"sync"
	"time"
)

// endpoint is a URL where commands are posted, and what is known of how it does.
// All of that is a guess that costs time at most.
type endpoint struct {
	url   string
	shown string // the same without a password, for people

	mu    sync.Mutex
	until time.Time // it asked to be left alone until then
	away  bool      // patience with it has ended, and it has not answered since
}

// rests says for how long the endpoint asked to be left alone.
func (e *endpoint) rests(now time.Time) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return max(0, e.until.Sub(now))
}

// rest notes that the endpoint asked to be left alone.
func (e *endpoint) rest(until time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if until.After(e.until) {
		e.until = until
	}
}

// isAway says that each command is asked for once only, instead of until patience
// ends, so that what has piled up for an endpoint that is away goes by quickly.
func (e *endpoint) isAway() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.away
}

func (e *endpoint) wentAway() { e.set(true) }
func (e *endpoint) cameBack() { e.set(false) }

func (e *endpoint) set(away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.away = away
}
