package follow_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// settable is a clock that somebody sets: its readings have no monotonic part, as
// those have none that were kept in a database.
type settable struct{ offset atomic.Int64 }

func (c *settable) Now() time.Time {
	return time.Now().Round(0).Add(time.Duration(c.offset.Load()))
}
func (c *settable) After(d time.Duration) <-chan time.Time { return time.After(d) }

// setBack runs a test with a house whose clock can be set back by an hour.
func setBack(t *testing.T, test func(h *house, back func())) {
	synctest.Test(t, func(t *testing.T) {
		clock := &settable{}
		from, to := memory.NewDisk(memory.Options{}), memory.NewDisk(memory.Options{})
		h := newHouse(t, func(owner string) *store.DB {
			disk := map[string]*memory.Disk{"shop": from, "till": to}[owner]
			db, err := disk.Open(owner, store.Options{Logger: quiet, Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			return db
		})
		defer func() { h.stop() }()
		test(h, func() { clock.offset.Add(-int64(time.Hour)) })
	})
}

// What is replayed after the clock was set back is tried again at once, and not when
// the clock has come to where it was.
func TestReplayAfterTheClockWasSetBack(t *testing.T) {
	setBack(t, func(h *house, back func()) {
		jammed := true
		h.fail = func(*bailiwick.Message) error {
			if jammed {
				return &bailiwick.Error{Code: bailiwick.Poison, Op: "till", Err: errBad}
			}
			return nil
		}
		h.publish("bad")
		h.start()
		h.settle(time.Minute)
		jammed = false
		back()
		if err := follow.Replay(context.Background(), h.to, till, "bad"); err != nil {
			h.t.Fatal(err)
		}
		h.settle(3 * time.Second)
		h.wantEffects("bad", 1)
	})
}

// A message that waits for its next attempt waits no longer than its backoff bound,
// although its time was written down by a clock that was ahead.
func TestRetryAfterTheClockWasSetBack(t *testing.T) {
	setBack(t, func(h *house, back func()) {
		attempts := 0
		h.fail = func(*bailiwick.Message) error {
			if attempts++; attempts == 1 {
				return errBad
			}
			return nil
		}
		h.follower.Retry = follow.Retry{First: 10 * time.Second, Max: 10 * time.Second}
		h.publish("bad")
		h.start()
		h.settle(10 * time.Millisecond)
		if attempts != 1 {
			h.t.Fatalf("%d attempts before the clock is set back, want 1", attempts)
		}
		back()
		h.settle(12 * time.Second)
		h.wantEffects("bad", 1)
	})
}

// A position that is owed is committed also if the clock was set back since.
func TestOwedPositionAfterTheClockWasSetBack(t *testing.T) {
	setBack(t, func(h *house, back func()) {
		h.start()
		h.settle(time.Second)
		h.publishType("other", "a")
		h.settle(10 * time.Millisecond)
		if p := h.position(); p.Seq != 0 {
			h.t.Fatalf("the position is %v before the clock is set back: nothing is owed", p)
		}
		back()
		h.settle(3 * time.Second)
		if p := h.position(); p.Seq != 1 {
			h.t.Errorf("the position is %v, want seq 1", p)
		}
	})
}
