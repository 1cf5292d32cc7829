package follow_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// Where the database knows that an instance is gone, the others do its work within
// two seconds, and so does one that is started in its place.
func TestGoneInstanceIsReplacedSoon(t *testing.T) {
	for _, twin := range []bool{true, false} {
		t.Run(fmt.Sprintf("twin=%v", twin), func(t *testing.T) {
			onDisks(t, func(h *house, _, to *memory.Disk) {
				to.Share()
				second := pair(h)
				var one, two []int64
				h.runWith(4, &one)
				if twin {
					second.runWith(4, &two)
				}
				h.settle(10 * time.Second)
				h.to.Close() // no lease is given back
				h.publish(manyKeys()...)
				h.wantStopped(bailiwick.Closed)
				if !twin {
					second.runWith(4, &two)
				}
				h.settle(2 * time.Second)
				if len(two) != 32 {
					t.Errorf("two seconds later %d messages of 32 were applied", len(two))
				}
				h.settle(20 * time.Second)
				second.stop()
				for i, key := range manyKeys() {
					second.wantEffects(key, int64(i+1))
				}
				second.to.Close()
			})
		})
	}
}

// An instance that was overtaken, and finds out because it may not commit, waits for
// its turn again.
func TestOvertakenInstanceGoesOn(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		goesOnOnceOvertaken(h, to, func(other *house, term int64) {
			other.begin(term)
			h.publish("a") // it tries, under its old term
		})
	})
}

// goesOnOnceOvertaken has an instance overtaken that has applied one message. What
// happens then publishes a second, which it applies when the other's lease has run out.
func goesOnOnceOvertaken(h *house, to *memory.Disk, then func(other *house, term int64)) {
	h.t.Helper()
	var one []int64
	h.runWith(1, &one)
	h.publish("a")
	h.settle(time.Second)
	other, term := overtake(h, to)
	then(other, term)
	h.settle(20 * time.Second)
	h.wantEffects("a", 1)
	h.settle(time.Minute)
	h.wantEffects("a", 1, 2)
	h.stop()
	other.to.Close()
}

// Nor does it end where it finds out in a moment in which the database cannot tell it
// who has the lease.
func TestOvertakenInstanceAsksUntilItIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var silent atomic.Bool
		from := memory.NewDisk(memory.Options{})
		to := memory.NewDisk(memory.Options{Shared: true, Hold: func(_ context.Context, _ *memory.DB, m memory.Moment) memory.Fate {
			if m.Op != "lease" || !silent.Load() {
				return memory.Fate{}
			}
			return memory.Fate{Before: &bailiwick.Error{Code: bailiwick.Unavailable, Op: "lease"}}
		}})
		h := newHouse(t, func(owner string) *store.DB {
			return onDisk(map[string]*memory.Disk{"shop": from, "till": to}[owner], owner)
		})
		defer h.close()
		goesOnOnceOvertaken(h, to, func(other *house, term int64) {
			other.begin(term)
			silent.Store(true)
			h.publish("a")
			h.settle(5 * time.Second)
			silent.Store(false)
		})
	})
}

// begin writes the term of the only lane's lease beside its position, as the first
// move of whoever has the lease does.
func (h *house) begin(term int64) {
	h.t.Helper()
	err := h.to.Do(context.Background(), func(tx *store.Tx) error {
		at, _, err := tx.Position(till, 0)
		if err != nil {
			return err
		}
		at.Term = term
		return tx.Move(at.Position, at)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// One that was overtaken may find out because the log has forgotten what it asks for:
// the other has applied that. It is not the follower for which it is gone. The same
// holds where the other is the one that had the lease before, and whose last commit
// came after the lease had changed hands.
func TestOvertakenInstanceIsNotTooLate(t *testing.T) {
	for _, before := range []bool{false, true} {
		t.Run(fmt.Sprintf("before=%v", before), func(t *testing.T) {
			onDisks(t, func(h *house, _, to *memory.Disk) {
				to.Share()
				slow := &heldUp{Feed: h.feed(), goOn: make(chan struct{})}
				h.follower.Source = slow
				var one []int64
				h.runWith(1, &one)
				h.publish("a")
				h.settle(time.Second)
				slow.held.Store(true)
				h.publish("b", "c")
				h.settle(time.Millisecond)

				var other *house
				var term int64
				if before {
					other = pair(h)
				} else {
					other, term = overtake(h, to)
				}
				err := other.to.Do(context.Background(), func(tx *store.Tx) error {
					at, _, err := tx.Position(till, 0)
					if err != nil {
						return err
					}
					from := at.Position
					at.Seq, at.Term, at.ID = 3, max(at.Term, term), bailiwick.ID{}
					other.follower.Source.Ack(at.Position)
					return tx.Move(from, at)
				})
				if err == nil {
					err = h.from.Log().Trim(context.Background())
				}
				if err != nil {
					t.Fatal(err)
				}
				other.to.Close() // and is gone
				close(slow.goOn)
				h.publish("a")
				h.settle(20 * time.Second)
				h.stop()
				h.wantEffects("a", 1, 4)
			})
		})
	}
}

// heldUp is a feed whose answers take as long as they are held up, and tell of the log
// as it is then.
type heldUp struct {
	*store.Feed
	held atomic.Bool
	goOn chan struct{}
}

func (s *heldUp) Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	if s.held.Load() {
		<-s.goOn
	}
	return s.Feed.Read(ctx, after, limit)
}
