package follow_test

import (
	"context"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

const till = "shop/outbox" // the follower's name: that of the log

// A message that keeps failing parks its key, and no other; replayed, it takes
// effect before those that queued behind it.
func TestPoisonParksItsKeyAlone(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		jammed := true
		h.fail = func(m *bailiwick.Message) error {
			if jammed && m.Seq == 2 {
				return &bailiwick.Error{Code: bailiwick.Poison, Op: "till", Err: errBad}
			}
			return nil
		}
		h.publish("a", "bad", "a", "bad", "b/ad")
		h.start()
		h.settle(time.Second)
		h.publish("bad", "a")
		h.settle(time.Hour)
		h.wantEffects("a", 1, 3, 7)
		h.wantEffects("b/ad", 5)
		h.wantEffects("bad")

		list := h.parked()
		if len(list) != 1 {
			h.t.Fatalf("parked keys: %+v", list)
		}
		got := list[0]
		if got.Follower != till || got.Key != "bad" || got.State != follow.StateParked || got.Type != "sold" || got.Code != bailiwick.Poison ||
			got.Attempts != 1 || got.Queued != 2 || got.Error == "" || got.First.IsZero() || !got.Due.IsZero() {
			h.t.Errorf("parked key: %+v", got)
		}
		messages, err := follow.Show(ctx, h.to, till, "bad")
		if err != nil || len(messages) != 3 {
			h.t.Fatalf("show: %+v, %v", messages, err)
		}
		for i, seq := range []int64{2, 4, 6} {
			if messages[i].Message.Seq != seq || messages[i].Message.ID.IsZero() || len(messages[i].Message.Data) == 0 {
				h.t.Errorf("message %d is %+v, want seq %d, whole", i, messages[i].Message, seq)
			}
		}

		jammed = false
		h.restart() // what was parked survives
		if err := follow.Replay(ctx, h.to, till, "bad"); err != nil {
			h.t.Fatal(err)
		}
		h.settle(2 * time.Second)
		h.wantEffects("bad", 2, 4, 6)
		h.publish("bad")
		h.settle(time.Second)
		h.stop()
		h.wantEffects("bad", 2, 4, 6, 8)
		if list := h.parked(); len(list) > 0 {
			h.t.Errorf("still parked: %+v", list)
		}
	})
}

// Waits between attempts are drawn below a bound that doubles; then it is a
// person's turn. One replay is one attempt.
func TestRetriesWithBackoff(t *testing.T) {
	each(t, func(h *house) {
		var attempts []time.Time
		h.fail = func(m *bailiwick.Message) error {
			attempts = append(attempts, time.Now())
			return errBad
		}
		h.follower.Retry = follow.Retry{First: time.Second, Max: 8 * time.Second, Attempts: 7}
		h.publish("bad")
		h.start()
		h.settle(time.Hour)
		if len(attempts) != 7 {
			h.t.Fatalf("%d attempts, want 7", len(attempts))
		}
		bound, waited := time.Second, time.Duration(0)
		for i := range attempts[1:] {
			wait := attempts[i+1].Sub(attempts[i])
			waited += wait
			if wait > bound+10*time.Millisecond {
				h.t.Errorf("wait %d took %v, want at most %v", i+1, wait, bound)
			}
			bound = min(2*bound, 8*time.Second)
		}
		if waited < 3*time.Second {
			h.t.Errorf("waited %v in all: that is no backoff", waited)
		}
		list := h.parked()
		if len(list) != 1 || list[0].State != follow.StateParked || list[0].Attempts != 7 || list[0].Error != errBad.Error() ||
			list[0].Last.Sub(list[0].First) < 3*time.Second {
			h.t.Fatalf("parked: %+v", list)
		}
		if err := follow.Replay(context.Background(), h.to, till, "bad"); err != nil {
			h.t.Fatal(err)
		}
		h.settle(time.Hour)
		h.stop()
		if len(attempts) != 8 {
			h.t.Errorf("%d attempts after a replay, want 8", len(attempts))
		}
	})
}

// A message that fails for a while takes effect by itself, before later ones of
// its key.
func TestRetrySucceeds(t *testing.T) {
	each(t, func(h *house) {
		h.fail = failing("bad", 3)
		h.publish("bad", "a", "bad")
		h.start()
		h.settle(time.Minute)
		h.stop()
		h.wantEffects("bad", 1, 3)
		h.wantEffects("a", 2)
		if list := h.parked(); len(list) > 0 {
			h.t.Errorf("still parked: %+v", list)
		}
	})
}

func TestDiscard(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		h.follower.Retry.Attempts = 1
		h.fail = func(m *bailiwick.Message) error {
			if m.Seq == 1 || m.Seq == 3 {
				return errBad
			}
			return nil
		}
		h.publish("bad", "bad", "worse", "worse")
		h.start()
		h.settle(time.Second)
		messages, err := follow.Show(ctx, h.to, till, "bad")
		if err != nil || len(messages) != 2 {
			h.t.Fatalf("show: %+v, %v", messages, err)
		}
		second := messages[1].Message.ID
		if err := follow.Discard(ctx, h.to, till, "bad", second); bailiwick.CodeOf(err) != bailiwick.Conflict {
			h.t.Errorf("discarding what is not the first: %v", err)
		}
		if err := follow.Discard(ctx, h.to, till, "bad", messages[0].Message.ID); err != nil {
			h.t.Fatal(err)
		}
		if n, err := follow.DiscardAll(ctx, h.to, till, "worse"); err != nil || n != 2 {
			h.t.Fatalf("discard all: %d, %v", n, err)
		}
		// At once, while the follower still believes that the keys are set aside.
		h.publish("worse", "bad")
		h.settle(2 * time.Second)
		h.stop()
		h.wantEffects("bad", 2, 6)
		h.wantEffects("worse", 5)
		if list := h.parked(); len(list) > 0 {
			h.t.Errorf("still parked: %+v", list)
		}
		for name, err := range map[string]error{
			"replay":  follow.Replay(ctx, h.to, till, "bad"),
			"discard": follow.Discard(ctx, h.to, till, "bad", second),
		} {
			if bailiwick.CodeOf(err) != bailiwick.NotFound {
				h.t.Errorf("%s of a key that is not set aside: %v", name, err)
			}
		}
		if _, err := follow.Show(ctx, h.to, till, "bad"); bailiwick.CodeOf(err) != bailiwick.NotFound {
			h.t.Errorf("show of a key that is not set aside: %v", err)
		}
	})
}

// Wake saves the second until the follower looks by itself.
func TestWake(t *testing.T) {
	each(t, func(h *house) {
		h.follower.Retry.Attempts = 1
		h.fail = failing("bad", 1)
		h.publish("bad")
		h.follower.Wake() // not running: nothing happens
		h.start()
		h.settle(10 * time.Second)
		if err := follow.Replay(context.Background(), h.to, till, "bad"); err != nil {
			h.t.Fatal(err)
		}
		h.follower.Wake()
		h.settle(time.Millisecond)
		h.wantEffects("bad", 1)
		h.stop()
	})
}

// A bad deploy must not park the world: the follower stops, and a better one
// goes on where it was.
func TestTooManyParked(t *testing.T) {
	each(t, func(h *house) {
		h.follower.MaxParked = 3
		h.fail = func(m *bailiwick.Message) error { return errBad }
		h.publish("a", "b", "c", "d", "a")
		h.start()
		h.wantStopped(bailiwick.Parked)
		if got := len(h.parked()); got != 3 {
			h.t.Errorf("%d keys are parked, want 3", got)
		}
		if got := h.position().Seq; got != 3 {
			h.t.Errorf("position %d, want 3", got)
		}
		h.fail = nil
		h.start()
		h.settle(time.Hour)
		h.stop()
		h.wantEffects("a", 1, 5)
		h.wantEffects("d", 4)
	})
}

// A message whose handler is gone still owes its effect.
func TestParkedMessageWithoutHandler(t *testing.T) {
	each(t, func(h *house) {
		h.fail = failing("bad", 1)
		h.publish("bad", "bad")
		h.follower.Retry = follow.Retry{First: time.Hour, Max: time.Hour}
		h.start()
		h.settle(time.Millisecond)
		h.stop()
		h.follower.Handlers = follow.Handlers{"other": h.apply}
		h.start()
		h.settle(2 * time.Hour)
		h.stop()
		list := h.parked()
		if len(list) != 1 || list[0].State != follow.StateParked || list[0].Queued != 1 || list[0].Code != bailiwick.Poison {
			h.t.Errorf("parked: %+v", list)
		}
	})
}

// Messages that a handler publishes carry on the story, at the first attempt and
// at a later one.
func TestCausation(t *testing.T) {
	each(t, func(h *house) {
		tries := 0
		h.follower.Handlers["sold"] = func(tx *store.Tx, m *bailiwick.Message) error {
			if tries++; tries == 1 {
				return errBad
			}
			return tx.Publish(bailiwick.Message{Type: "paid", Version: 1, Key: m.Key})
		}
		err := h.from.Do(bailiwick.WithCorrelation(context.Background(), "request-1"), func(tx *store.Tx) error {
			return tx.Publish(bailiwick.Message{Type: "sold", Version: 1, Key: "a"})
		})
		if err != nil {
			h.t.Fatal(err)
		}
		h.start()
		h.settle(time.Minute)
		h.stop()
		feed, err := h.to.Log().Feed(context.Background(), store.Subscriber{Name: "reader"})
		if err != nil {
			h.t.Fatal(err)
		}
		batch, err := feed.Read(context.Background(), bailiwick.Position{}, 10)
		if err != nil || len(batch.Messages) != 1 {
			h.t.Fatalf("read: %+v, %v", batch, err)
		}
		if m := batch.Messages[0]; m.Correlation != "request-1" || m.Causation.IsZero() {
			h.t.Errorf("published: %+v", m)
		}
	})
}

// A commit that is refused while a message only queues does not put that message
// to the front, from where it would overtake.
func TestRefusedQueueingKeepsOrder(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		h.follower.Retry.Attempts = 1
		h.fail = failing("bad", 1)
		h.publish("bad")
		h.start()
		h.settle(time.Millisecond)
		refused := 0
		to.Break(func() (error, error) {
			if refused++; refused > 1 {
				return nil, nil
			}
			return errBad, nil
		})
		h.publish("bad")
		h.settle(time.Second)
		h.stop()
		messages, err := follow.Show(context.Background(), h.to, till, "bad")
		if err != nil || len(messages) != 2 || messages[0].State != follow.StateParked || messages[1].State != follow.StateQueued {
			h.t.Errorf("set aside: %+v, %v", messages, err)
		}
	})
}
