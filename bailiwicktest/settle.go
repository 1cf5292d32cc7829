package bailiwicktest

import (
	"context"
	"time"

	"github.com/bailiwick/bailiwick/service/settle"
)

// Settle returns once nothing happens any more unless time passes: every message
// that is not held is applied, set aside, or waits for its next attempt, and no saga
// could move. It fails the test, saying what still goes on, if that lasts for ten
// seconds of real time.
//
// The time stands, but for the moments that those need who look at the clock now and
// then, such as a saga's timers: a second, mostly less.
func (w *World) Settle() {
	w.t.Helper()
	w.settle()
}

// How long, in real time, what is due or on its way may take before whoever looks at
// the clock now and then is woken. It doubles: on a slow machine time shall not run.
const (
	dueNudge    = 4 * time.Millisecond
	movingNudge = 256 * time.Millisecond
)

// settle settles, and returns what is due later.
func (w *World) settle() settle.Unrest {
	w.t.Helper()
	begun := time.Now()
	nudged, nudges := begun, 0
	for {
		now := w.Clock.Now()
		rest, err := w.look()
		switch {
		case err == nil && !rest.At(now):
			return rest
		case time.Since(begun) > patience && err != nil:
			w.t.Fatal(err)
		case time.Since(begun) > patience:
			w.t.Fatalf("it does not come to rest: %s", rest.What)
		}
		wait := dueNudge
		if rest.Due.IsZero() {
			wait = movingNudge
		}
		if time.Since(nudged) > wait<<nudges {
			nudged, nudges = time.Now(), nudges+1
			if d, ok := w.Clock.next(); ok && d <= time.Second {
				w.Clock.Advance(d)
			}
		}
		settle.Pause(context.Background())
	}
}

func (w *World) look() (settle.Unrest, error) {
	w.mu.RLock() // a crash waits, so that nobody looks at a closed database
	defer w.mu.RUnlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return w.now.look(ctx)
}

// Advance lets d pass: what becomes due on the way happens at its time and settles
// before the time moves on, and in the end all has settled.
func (w *World) Advance(d time.Duration) {
	w.t.Helper()
	end := w.Clock.Now().Add(d)
	for {
		rest, now := w.settle(), w.Clock.Now()
		if rest.What == "" || rest.Due.After(end) {
			w.Clock.Advance(max(end.Sub(now), 0))
			w.settle()
			return
		}
		w.Clock.Advance(rest.Due.Sub(now))
	}
}

// finishing is the most time that Finish lets pass.
const finishing = 30 * 24 * time.Hour

// Finish lets as much time pass as it takes until nothing is left to do: no saga is
// on its way, and no message waits for its next attempt. What waits for a person stays.
// It fails the test if a month is not enough.
func (w *World) Finish() {
	w.t.Helper()
	for end := w.Clock.Now().Add(finishing); ; {
		rest, now := w.settle(), w.Clock.Now()
		switch {
		case rest.What == "":
			return
		case rest.Due.After(end):
			w.t.Fatalf("it does not finish within %s: %s", finishing, rest.What)
		}
		w.Clock.Advance(rest.Due.Sub(now))
	}
}
