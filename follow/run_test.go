package follow_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

func TestAppliesEachMessageOnceInOrder(t *testing.T) {
	each(t, func(h *house) {
		h.start()
		h.publish("a", "b", "a")
		h.publish("a", "c")
		h.settle(time.Second)
		h.wantEffects("a", 1, 3, 4)
		h.restart()
		h.publish("b")
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3, 4)
		h.wantEffects("b", 2, 6)
		h.wantEffects("c", 5)
		if got := h.position().Seq; got != 6 {
			h.t.Errorf("position %d, want 6", got)
		}
	})
}

// A process that dies at any commit, before it or just after, leaves each effect
// once. The commits are those of positions, effects, parking and retries.
func TestCrashAtEachCommit(t *testing.T) {
	for _, after := range []bool{false, true} {
		for n := 1; n <= 6; n++ {
			t.Run(fmt.Sprintf("after=%v/%d", after, n), func(t *testing.T) {
				onDisks(t, func(h *house, _, to *memory.Disk) {
					h.follower.Batch = 2
					h.fail = failing("bad", 1)
					crashed := make(chan struct{})
					commits := 0
					to.Break(func() (error, error) {
						if commits++; commits < n {
							return nil, nil
						} else if commits == n {
							close(crashed)
						}
						gone := &bailiwick.Error{Code: bailiwick.Unknown, Op: "crash"}
						if after && commits == n {
							return nil, gone
						}
						return gone, nil
					})
					h.publish("a", "bad", "bad", "a", "b", "bad", "a", "b", "c")
					h.start()
					select {
					case <-crashed:
					case <-time.After(time.Hour):
						h.t.Fatalf("there are fewer than %d commits", n)
					}
					to.Break(nil)
					h.restart()
					h.publish("bad", "c")
					h.settle(time.Minute)
					h.stop()
					h.wantEffects("a", 1, 4, 7)
					h.wantEffects("bad", 2, 3, 6, 10)
					h.wantEffects("b", 5, 8)
					h.wantEffects("c", 9, 11)
				})
			})
		}
	}
}

// A commit whose outcome the database does not tell is neither repeated nor lost.
func TestUnknownOutcome(t *testing.T) {
	for _, committed := range []bool{false, true} {
		onDisks(t, func(h *house, _, to *memory.Disk) {
			n := 0
			to.Break(func() (error, error) {
				if n++; n > 1 {
					return nil, nil
				}
				unknown := &bailiwick.Error{Code: bailiwick.Unknown, Op: "commit"}
				if committed {
					return nil, unknown
				}
				return unknown, nil
			})
			h.publish("a", "b")
			h.start()
			h.settle(time.Minute)
			h.publish("a")
			h.settle(time.Second)
			h.stop()
			h.wantEffects("a", 1, 3)
			h.wantEffects("b", 2)
		})
	}
}

// While the database is away nothing is parked, however long that takes.
func TestInfrastructureParksNothing(t *testing.T) {
	away := &bailiwick.Error{Code: bailiwick.Unavailable, Op: "commit"}
	t.Run("commit", func(t *testing.T) {
		onDisks(t, func(h *house, _, to *memory.Disk) {
			to.Break(func() (error, error) { return away, nil })
			h.publish("a", "b")
			h.start()
			h.settle(24 * time.Hour)
			h.wantEffects("a")
			to.Break(nil)
			h.settle(time.Minute)
			h.stop()
			h.wantEffects("a", 1)
			if list := h.parked(); len(list) > 0 {
				h.t.Errorf("parked: %+v", list)
			}
		})
	})
	t.Run("handler", func(t *testing.T) {
		each(t, func(h *house) {
			until := time.Now().Add(time.Hour)
			h.fail = func(*bailiwick.Message) error {
				if time.Now().Before(until) {
					return &bailiwick.Error{Code: bailiwick.Internal, Op: "till", Err: fmt.Errorf("read the till: %w", away)}
				}
				return nil
			}
			h.publish("a", "b")
			h.start()
			h.settle(time.Hour - time.Second)
			if list := h.parked(); len(list) > 0 {
				h.t.Errorf("parked: %+v", list)
			}
			h.settle(time.Minute)
			h.stop()
			h.wantEffects("a", 1)
			h.wantEffects("b", 2)
		})
	})
}

// A position that another instance has moved, or fenced with a higher term, ends
// a follower before it has any effect.
func TestOvertakenFollowerStops(t *testing.T) {
	move := func(h *house, from bailiwick.Position, to store.FollowerPosition) {
		h.t.Helper()
		to.Follower, to.Lanes = "shop/outbox", 1
		if err := h.to.Do(context.Background(), func(tx *store.Tx) error { return tx.Move(from, to) }); err != nil {
			h.t.Fatal(err)
		}
	}
	one, two := bailiwick.Position{Epoch: 1, Seq: 1}, bailiwick.Position{Epoch: 1, Seq: 2}
	for name, to := range map[string]store.FollowerPosition{
		"position": {Position: two},
		"term":     {Position: one, Term: 7},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(h *house) {
				h.publish("a")
				h.start()
				h.settle(time.Second)
				move(h, one, to)
				h.publish("b", "c")
				h.wantStopped(bailiwick.Stale)
				h.wantEffects("b")
				h.wantEffects("c")
			})
		})
	}
}

// A log with another past is not followed.
func TestForkedLog(t *testing.T) {
	for name, others := range map[string][]string{"other message": {"x", "y", "z"}, "shorter": {"x"}} {
		t.Run(name, func(t *testing.T) {
			onDisks(t, func(h *house, from, _ *memory.Disk) {
				h.publish("a", "b")
				h.start()
				h.settle(time.Second)
				h.stop()
				h.to.Close()
				h.from.Close()
				from.Empty() // restored from nothing, say
				h.open()
				h.publish(others...)
				h.start()
				h.wantStopped(bailiwick.Forked)
				h.wantEffects("a", 1)
				h.wantEffects("x")
			})
		})
	}
}

// A log that has trimmed what the follower needs ends it, and one that has
// trimmed only what it has committed does not.
func TestTrimmedLog(t *testing.T) {
	each(t, func(h *house) {
		h.publish("a", "b")
		h.start()
		h.settle(time.Second)
		if err := h.from.Log().Trim(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		h.restart()
		h.publish("a")
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3)
		if err := h.from.Log().Trim(context.Background()); err != nil {
			h.t.Fatal(err)
		}

		h.follower.Name = "too late"
		h.start()
		err := h.wantStopped(bailiwick.Gone)
		var gone *store.GoneError
		if !errors.As(err, &gone) || gone.Low != 3 {
			h.t.Errorf("got %v, want a GoneError that tells the low-water mark 3", err)
		}
	})
}

// Messages that concern nobody cost no transaction, but their position is
// committed once the follower is idle, so that the log can be trimmed.
func TestSkippedMessagesCommitWhenIdle(t *testing.T) {
	each(t, func(h *house) {
		h.start()
		h.settle(time.Second)
		for range 10 {
			h.publishType("seen", "a", "b")
		}
		h.settle(100 * time.Millisecond)
		if got := h.position().Seq; got != 0 {
			h.t.Errorf("position %d while busy, want 0", got)
		}
		h.settle(200 * time.Millisecond)
		if got := h.position().Seq; got != 20 {
			h.t.Errorf("position %d when idle, want 20", got)
		}
		if err := h.from.Log().Trim(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		state, err := h.from.Log().State(context.Background())
		if err != nil || state.Low != 20 {
			h.t.Errorf("low-water mark %d, %v, want 20", state.Low, err)
		}
		h.stop()
	})
}

// A follower that is never idle owes its position for a second at most, and for
// 4096 messages at most.
func TestSkippedMessagesCommitWhenBusy(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		h.start()
		for range 11 {
			h.publishType("seen", "a")
			h.settle(100 * time.Millisecond)
		}
		if got := h.position().Seq; got < 9 {
			h.t.Errorf("position %d after 1.1 s of trickle, want at least 9", got)
		}
		many := strings.Split(strings.Repeat("a,", 5000), ",")[:5000]
		h.publishType("seen", many...)
		h.settle(0)
		if got := h.position().Seq; got < 4096 {
			h.t.Errorf("position %d after 5000 messages at once, want at least 4096", got)
		}
		h.stop()
	})
}

// A quiet follower does not look at its database.
func TestQuietFollowerSleeps(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		h.publish("a")
		h.start()
		h.settle(time.Second)
		commits := 0
		to.Break(func() (error, error) { commits++; return nil, nil })
		h.settle(time.Hour)
		if commits > 0 {
			h.t.Errorf("%d commits in an hour with nothing to do", commits)
		}
		h.stop()
	})
}

// A panic is a failure of one message.
func TestPanicParksTheKey(t *testing.T) {
	each(t, func(h *house) {
		h.fail = func(m *bailiwick.Message) error {
			if m.Key == "bad" {
				panic("no such coin")
			}
			return nil
		}
		h.follower.Retry.Attempts = 1
		h.publish("a", "bad", "a")
		h.start()
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3)
		if list := h.parked(); len(list) != 1 || !strings.Contains(list[0].Error, "no such coin") {
			h.t.Errorf("parked: %+v", list)
		}
	})
}

func TestHandlersTypes(t *testing.T) {
	got := strings.Join(follow.Handlers{"b": nil, "a": nil}.Types(), " ")
	if got != "a b" {
		t.Errorf("got %q", got)
	}
}
