package follow_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// Each key's messages take effect once and in order, however many lanes share
// the log, and the log may forget only what the slowest has committed.
func TestLanes(t *testing.T) {
	each(t, func(h *house) {
		h.follower.Lanes = 4
		want := map[string][]int64{}
		var keys []string
		for i := range 60 {
			key := fmt.Sprint("key", i%7)
			keys = append(keys, key)
			want[key] = append(want[key], int64(i+1))
		}
		h.fail = failing("key3", 2)
		h.publish(keys...)
		h.start()
		h.settle(time.Minute)
		h.stop()
		for key, seqs := range want {
			h.wantEffects(key, seqs...)
		}
		list, err := follow.Status(context.Background(), h.to)
		if err != nil || len(list) != 1 {
			h.t.Fatalf("status: %+v, %v", list, err)
		}
		end := bailiwick.Position{Epoch: 1, Seq: 60}
		if got := list[0]; !slices.Equal(got.Lanes, []bailiwick.Position{end, end, end, end}) || got.Position != end || got.Lag(70) != 10 {
			h.t.Errorf("status: %+v, want four lanes at %s", got, end)
		}
		if err := h.from.Log().Trim(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		if state, err := h.from.Log().State(context.Background()); err != nil || state.Low != 60 {
			h.t.Errorf("low-water mark %d, %v, want 60", state.Low, err)
		}
	})
}

// A lane that was behind when the process ended goes on where it stood, and not
// where another did.
func TestEachLaneGoesOnWhereItStood(t *testing.T) {
	each(t, func(h *house) {
		h.follower.Lanes = 2
		h.publish("a", "b", "a", "b") // in different lanes
		held := true
		h.fail = func(m *bailiwick.Message) error {
			if m.Key == "b" && held {
				return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "till"}
			}
			return nil
		}
		h.start()
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3)
		h.wantEffects("b")
		held = false
		h.start()
		h.settle(time.Minute)
		h.stop()
		h.wantEffects("a", 1, 3)
		h.wantEffects("b", 2, 4)
	})
}

// The number of lanes changes, up and down, when all stand at one position.
func TestLaneCountChangesWhenLevel(t *testing.T) {
	each(t, func(h *house) {
		keys := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
		var want [8][]int64
		for round, lanes := range []int{1, 4, 2, 3, 1, 5} {
			h.follower.Lanes = lanes
			h.publish(keys...)
			h.start()
			h.settle(time.Second)
			h.stop()
			for i, key := range keys {
				want[i] = append(want[i], int64(8*round+i+1))
				h.wantEffects(key, want[i]...)
			}
		}
	})
}

// Where lanes stand apart, a key that changed its lane could lose messages or
// apply them twice. So the change is refused.
func TestLaneCountRefusedWhileApart(t *testing.T) {
	for _, batch := range []int{1, 256} { // the second lane has moved a little, or never
		t.Run(fmt.Sprint(batch), func(t *testing.T) { laneCountRefused(t, batch) })
	}
}

func laneCountRefused(t *testing.T, batch int) {
	each(t, func(h *house) {
		h.follower.Lanes, h.follower.Batch = 2, batch
		h.publish("a", "b", "a", "b") // in different lanes
		until := time.Now().Add(time.Hour)
		h.fail = func(m *bailiwick.Message) error {
			if m.Seq == 4 && time.Now().Before(until) {
				return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "till"}
			}
			return nil
		}
		h.start()
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3)
		if err := h.from.Log().Trim(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		low := h.position().Seq // of the slower lane
		if state, err := h.from.Log().State(context.Background()); err != nil || state.Low != low || low > 3 {
			h.t.Errorf("low-water mark %d, %v, want %d", state.Low, err, low)
		}

		h.follower.Lanes = 3
		h.start()
		h.wantStopped(bailiwick.Invalid)

		time.Sleep(time.Hour)
		h.follower.Lanes = 2
		h.start()
		h.settle(time.Minute)
		h.stop()
		h.follower.Lanes = 3
		h.publish("a", "b")
		h.start()
		h.settle(time.Minute)
		h.stop()
		h.wantEffects("a", 1, 3, 5)
		h.wantEffects("b", 2, 4, 6)
	})
}

// pair is two instances of one follower on a database that processes share.
func pair(h *house) (second *house) {
	return &house{t: h.t, from: h.from, to: h.engine("till"), follower: &follow.Follower{Source: h.feed(), Logger: quiet}}
}

func (h *house) runWith(lanes int, applied *[]int64) {
	h.follower.DB, h.follower.Lanes = h.to, lanes
	h.follower.Handlers = follow.Handlers{"sold": h.apply}
	h.fail = func(m *bailiwick.Message) error { *applied = append(*applied, m.Seq); return nil }
	h.start()
}

// Of two instances one works; the other takes over when the first stops, and
// after the lease has run out when the first dies.
func TestLeasedTakeover(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprintf("dies=%v", dies), func(t *testing.T) {
			onDisks(t, func(h *house, _, to *memory.Disk) {
				to.Share()
				second := pair(h)
				var one, two []int64
				h.runWith(1, &one)
				h.settle(time.Second)
				second.runWith(1, &two)
				h.publish("a", "b")
				h.settle(time.Minute)
				if len(one) != 2 || len(two) != 0 {
					h.t.Fatalf("applied by the first %v, by the second %v", one, two)
				}
				if dies {
					h.to.Close() // no lease is given back
					h.publish("a")
					h.wantStopped(bailiwick.Closed)
				} else {
					h.stop()
					h.publish("a")
				}
				h.settle(20 * time.Second)
				second.stop()
				second.wantEffects("a", 1, 3)
				second.wantEffects("b", 2)
				err := second.to.Read(context.Background(), func(tx *store.Tx) error {
					row, _, err := tx.Position(till, 0)
					if row.Term != 2 {
						h.t.Errorf("the position has the term %d, want that of the second lease, 2", row.Term)
					}
					return err
				})
				if err != nil {
					h.t.Error(err)
				}
				if !slices.Equal(two, []int64{3}) {
					h.t.Errorf("applied by the second: %v", two)
				}
				second.to.Close()
			})
		})
	}
}

// Lanes of one follower are shared out among instances, and the log may still be
// trimmed to the slowest: a waiting instance sees where the others' lanes stand.
func TestLeasedLanesAmongInstances(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		second := pair(h)
		if _, err := second.to.Lease(context.Background(), "follow/"+till+"/1", "elsewhere", time.Hour); err != nil {
			h.t.Fatal(err)
		}
		var one, two []int64
		h.runWith(2, &one) // gets lane 0 alone
		h.publish("a", "b", "a", "b")
		h.settle(time.Minute)
		h.wantEffects("a", 1, 3)
		h.wantEffects("b")
		if _, err := second.to.Lease(context.Background(), "follow/"+till+"/1", "elsewhere", 0); err != nil {
			h.t.Fatal(err)
		}
		second.follower.Source = h.feed() // the one that the log heeds from now on
		second.runWith(2, &two)
		h.settle(time.Minute)
		if err := h.from.Log().Trim(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		if state, err := h.from.Log().State(context.Background()); err != nil || state.Low != 4 {
			h.t.Errorf("low-water mark %d, %v, want 4", state.Low, err)
		}
		h.stop()
		second.stop()
		h.wantEffects("b", 2, 4)
		second.to.Close()
	})
}

// An instance that lost its lease without noticing cannot commit, and one that
// notices waits for its turn again.
func TestLostLease(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		goesOnOnceOvertaken(h, to, func(*house, int64) {
			h.settle(5 * time.Second) // it has noticed, and waits
			h.publish("a")
		})
	})
}

// overtake has another instance take the lease of the only lane for half a minute,
// from one that was taken for gone and is not told.
func overtake(h *house, to *memory.Disk) (other *house, term int64) {
	h.t.Helper()
	other = pair(h)
	to.ForgetHolders()
	lease, err := other.to.Lease(context.Background(), "follow/"+till+"/0", "another", 30*time.Second)
	if err != nil || !lease.Held {
		h.t.Fatalf("another got the lease %+v (%v)", lease, err)
	}
	return other, lease.Term
}

// A first start with another number of lanes than a running instance's must not
// share the keys out in two ways at once.
func TestLaneCountsOfInstancesDiffer(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		second := pair(h)
		var one, two []int64
		h.runWith(1, &one)
		h.settle(time.Second)
		second.runWith(4, &two) // gets a free lane at once, of which nothing is recorded yet
		h.settle(100 * time.Millisecond)
		h.publish("a", "a") // of lane 0, of one as of four
		second.wantStopped(bailiwick.Stale)
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 2)
		second.to.Close()
	})
}

// An instance that is to have fewer lanes waits until those that have more are gone,
// and looks meanwhile where a lane stands that it will not have.
func TestFewerLanesWaitForMore(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		second := pair(h)
		var applied []int64
		h.runWith(2, &applied)
		h.publish("a", "b")
		h.settle(time.Minute)
		h.stop()
		if _, err := second.to.Lease(context.Background(), "follow/"+till+"/1", "elsewhere", 5*time.Second); err != nil {
			t.Fatal(err)
		}
		h.runWith(1, &applied)
		h.publish("a", "b")
		h.settle(4 * time.Second)
		h.wantEffects("a", 1)
		h.settle(time.Minute)
		h.stop()
		h.wantEffects("a", 1, 3)
		h.wantEffects("b", 2, 4)
		second.to.Close()
	})
}

// Whoever waits to have another number of lanes tells the log nothing of where those
// stand that there are: beside the one it looks at there are slower ones.
func TestWaitingForOtherLanesAcknowledgesNothing(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		second := pair(h)
		h.publish("a", "b", "a", "b")
		err := second.to.Do(context.Background(), func(tx *store.Tx) error {
			for lane, seq := range []int64{3, 1} {
				at := store.FollowerPosition{Follower: till, Lane: lane, Lanes: 2, Position: bailiwick.Position{Epoch: 1, Seq: seq}}
				if err := tx.Move(bailiwick.Position{}, at); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			_, err = second.to.Lease(context.Background(), "follow/"+till+"/0", "elsewhere", time.Hour)
		}
		if err != nil {
			t.Fatal(err)
		}
		h.follower.Source = second.follower.Source // the one that the log heeds
		var applied []int64
		h.runWith(1, &applied)
		h.settle(10 * time.Second)
		if err := h.from.Log().Trim(context.Background()); err != nil {
			t.Fatal(err)
		}
		if state, err := h.from.Log().State(context.Background()); err != nil || state.Low > 1 {
			t.Errorf("the log is trimmed to %d (%v), and a lane stands at 1", state.Low, err)
		}
		h.stop()
		second.to.Close()
	})
}

// An instance that waited for its lanes until there was another number of them stops
// and says so. It must not keep their leases, for which the others wait.
func TestLanesChangedWhileWaiting(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		second := pair(h)
		ctx := context.Background()
		move := func(from bailiwick.Position, lanes int) {
			t.Helper()
			err := second.to.Do(ctx, func(tx *store.Tx) error {
				for lane := range 2 {
					at := store.FollowerPosition{Follower: till, Lane: lane, Lanes: lanes, Position: bailiwick.Position{Epoch: 1, Seq: 1}}
					if err := tx.Move(from, at); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		h.publish("a")
		move(bailiwick.Position{}, 2)
		for lane := range 2 {
			if _, err := second.to.Lease(ctx, fmt.Sprint("follow/", till, "/", lane), "elsewhere", 5*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		var applied []int64
		h.runWith(2, &applied)
		h.settle(time.Second)
		move(bailiwick.Position{Epoch: 1, Seq: 1}, 1)
		h.settle(time.Minute)
		select {
		case err := <-h.stopped:
			h.stopped <- err
		default:
			t.Error("it still runs after a minute")
			h.stopping()
		}
		h.wantStopped(bailiwick.Stale)
		second.to.Close()
	})
}
