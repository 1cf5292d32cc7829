package follow_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// errands has the house's messages handled by an errand. What each run was given
// is noted, and run, if it is set, may refuse.
type errands struct {
	runs [][]int64
	run  func(msgs []*bailiwick.Message) error
}

func (e *errands) in(h *house) {
	h.follower.Handlers = nil
	h.follower.Errand = follow.Errand{Types: []string{"sold"}, Run: func(_ context.Context, msgs []*bailiwick.Message) ([]follow.Handler, error) {
		var seqs []int64
		handlers := make([]follow.Handler, len(msgs))
		for i, m := range msgs {
			seqs, handlers[i] = append(seqs, m.Seq), h.apply
		}
		e.runs = append(e.runs, seqs)
		if e.run != nil {
			return handlers, e.run(msgs)
		}
		return handlers, nil
	}}
}

func (e *errands) want(t *testing.T, want ...[]int64) {
	t.Helper()
	if !slices.EqualFunc(e.runs, want, slices.Equal) {
		t.Fatalf("errands were run for %v, want %v", e.runs, want)
	}
}

// An errand is run before the transaction and not in it: it may use the database
// like anybody else, and what came of it is committed with the position.
func TestErrandIsOutside(t *testing.T) {
	each(t, func(h *house) {
		e := &errands{run: func([]*bailiwick.Message) error {
			return h.to.Do(context.Background(), func(tx *store.Tx) error {
				r, _, err := tx.Get("called", "x")
				r.Kind, r.Key, r.State = "called", "x", "done"
				if err != nil {
					return err
				}
				return tx.Put(r)
			})
		}}
		e.in(h)
		h.follower.Handlers = follow.Handlers{"told": h.apply}
		h.publish("a", "b")
		h.publishType("told", "c")
		h.publish("a")
		h.start()
		h.settle(time.Second)
		h.stop()
		e.want(t, []int64{1, 2, 4})
		h.wantEffects("a", 1, 4)
		h.wantEffects("b", 2)
		h.wantEffects("c", 3)
		if got := h.position().Seq; got != 4 {
			t.Errorf("position %d, want 4", got)
		}
	})
}

// Where the process dies before the commit the errand is run again, and takes
// effect once. While it lives the transaction is tried again without.
func TestErrandOfLostTransaction(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		e := &errands{}
		e.in(h)
		to.Break(func() (error, error) { return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "commit"}, nil })
		h.publish("a", "b")
		h.start()
		h.settle(time.Minute)
		e.want(t, []int64{1, 2})
		h.stop()
		to.Break(nil)
		h.to.Close()
		h.from.Close()
		h.open()
		e.in(h)
		h.start()
		h.settle(time.Second)
		h.stop()
		e.want(t, []int64{1, 2}, []int64{1, 2})
		h.wantEffects("a", 1)
		h.wantEffects("b", 2)
	})
}

// An errand that fails blames no message: it is run again for all of them.
func TestFailedErrandParksNothing(t *testing.T) {
	each(t, func(h *house) {
		e := &errands{}
		e.run = func([]*bailiwick.Message) error {
			if len(e.runs) < 3 {
				return errors.New("no line")
			}
			return nil
		}
		e.in(h)
		h.publish("a", "b")
		h.start()
		h.settle(time.Minute)
		h.stop()
		e.want(t, []int64{1, 2}, []int64{1, 2}, []int64{1, 2})
		h.wantEffects("a", 1)
		if list := h.parked(); len(list) > 0 {
			t.Errorf("parked: %+v", list)
		}
	})
}

// Where committing what came of an errand fails, the message is set aside like any
// other, and its errand is run again before it is tried again; the errands of later
// messages of its key wait for that.
func TestErrandOfSetAsideMessage(t *testing.T) {
	each(t, func(h *house) {
		e := &errands{}
		e.in(h)
		h.fail = failing("bad", 2) // with the others of its batch, then alone
		h.follower.Retry.First = time.Second
		h.publish("a", "bad")
		h.start()
		h.settle(0)
		h.publish("bad", "a")
		h.settle(time.Minute)
		h.stop()
		e.want(t, []int64{1, 2}, []int64{4}, []int64{2}, []int64{3})
		h.wantEffects("bad", 2, 3)
		h.wantEffects("a", 1, 4)
	})
}

// A message whose key was set free by an operator, just as it came, is not applied
// without its errand.
func TestErrandOfFreedKey(t *testing.T) {
	each(t, func(h *house) {
		e := &errands{}
		e.in(h)
		h.fail = func(m *bailiwick.Message) error {
			if m.Seq == 1 {
				return &bailiwick.Error{Code: bailiwick.Poison, Op: "till", Err: errBad}
			}
			return nil
		}
		h.publish("a")
		h.start()
		h.settle(0)
		if _, err := follow.DiscardAll(context.Background(), h.to, "shop/outbox", "a"); err != nil {
			t.Fatal(err)
		}
		h.publish("a")
		h.settle(time.Minute)
		h.stop()
		e.want(t, []int64{1}, []int64{2})
		h.wantEffects("a", 2)
	})
}

// An errand that loses count is a fault of the program, not of a message.
func TestUnevenErrand(t *testing.T) {
	each(t, func(h *house) {
		h.follower.Handlers = nil
		h.follower.Errand = follow.Errand{Types: []string{"sold"}, Run: func(context.Context, []*bailiwick.Message) ([]follow.Handler, error) {
			return nil, nil
		}}
		h.publish("a")
		h.start()
		h.wantStopped(bailiwick.Internal)
		if got := h.position().Seq; got != 0 {
			t.Errorf("position %d, want 0", got)
		}
	})
}

// An errand that is under way when the follower is told to stop ends it without an
// error.
func TestErrandIsStopped(t *testing.T) {
	each(t, func(h *house) {
		h.follower.Handlers = nil
		h.follower.Errand = follow.Errand{Types: []string{"sold"}, Run: func(ctx context.Context, msgs []*bailiwick.Message) ([]follow.Handler, error) {
			<-ctx.Done()
			return nil, errors.New("the line was cut")
		}}
		h.publish("a")
		h.start()
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a")
	})
}
