package follow_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// keys fall into all of four lanes.
func manyKeys() (keys []string) {
	for i := range 32 {
		keys = append(keys, fmt.Sprint("key ", i))
	}
	return keys
}

// An instance that comes later gets its share of the lanes from the one that has
// them all, and gives it up to that when it stops or dies. Every message takes effect
// once, in order, whoever applies it.
func TestInstancesShareLanes(t *testing.T) {
	for _, dies := range []bool{false, true} {
		t.Run(fmt.Sprintf("dies=%v", dies), func(t *testing.T) {
			onDisks(t, func(h *house, _, to *memory.Disk) {
				to.Share()
				second := pair(h)
				var one, two []int64
				h.runWith(4, &one)
				h.settle(time.Second)
				h.publish(manyKeys()...)
				h.settle(time.Second)
				if len(one) != 32 {
					t.Fatalf("alone it applied %d messages of 32", len(one))
				}
				second.runWith(4, &two)
				h.settle(10 * time.Second)
				h.publish(manyKeys()...)
				h.settle(time.Second)
				if len(two) < 8 || len(one)-32 < 8 || len(one)+len(two) != 64 {
					t.Errorf("of 32 messages the first applied %d and the second %d", len(one)-32, len(two))
				}
				applied := len(one)
				if dies {
					second.to.Close() // no lease is given back
				} else {
					second.stop()
				}
				h.publish(manyKeys()...)
				h.settle(15 * time.Second)
				if len(one)-applied != 32 {
					t.Errorf("left alone it applied %d messages of 32", len(one)-applied)
				}
				if dies {
					second.wantStopped(bailiwick.Closed)
				}
				for i, key := range manyKeys() {
					h.wantEffects(key, int64(i+1), int64(i+33), int64(i+65))
				}
				h.stop()
				if !dies {
					second.to.Close()
				}
			})
		})
	}
}

// Followers with one lane each are shared too: they begin to deal at different seats.
func TestFollowersOfOneLaneAreShared(t *testing.T) {
	onDisks(t, func(h *house, _, to *memory.Disk) {
		to.Share()
		var here, there int
		var all []*house
		count := func(n *int) follow.Handler {
			return func(*store.Tx, *bailiwick.Message) error { *n++; return nil }
		}
		for _, n := range []*int{&here, &there} {
			for i := range 4 {
				one := pair(h)
				one.follower.DB, one.follower.Name = one.to, fmt.Sprint("follower ", i)
				one.follower.Handlers = follow.Handlers{"sold": count(n)}
				one.start()
				all = append(all, one)
			}
			h.settle(10 * time.Second)
		}
		h.publish("a")
		h.settle(time.Second)
		if here == 0 || there == 0 || here+there != 4 {
			t.Errorf("of four followers %d run here and %d there", here, there)
		}
		for _, one := range all {
			one.stop()
			one.to.Close()
		}
	})
}
