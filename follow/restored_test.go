package follow_test

import (
	"context"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// A log that was restored is followed on by who had not seen more than the copy: also
// by one who came just to where the new incarnation begins, stopped there, and starts
// again before it has a message.
func TestStartsAgainAtTheFork(t *testing.T) {
	onDisks(t, func(h *house, from, _ *memory.Disk) {
		h.publish("a", "b")
		h.from.Close()
		h.to.Close()
		from.Restore(from.Copy())
		h.open()
		h.start()
		h.settle(time.Second)
		if at := h.position(); at != (bailiwick.Position{Epoch: 1, Seq: 2}) {
			t.Errorf("it stands at %s, want 1:2: of the new incarnation it has seen nothing", at)
		}
		h.restart()
		h.settle(time.Second)
		h.publish("a")
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3)
		h.wantEffects("b", 2)
	})
}

// Versions before this one wrote that place down as one of the new incarnation.
func TestStartsAtTheForkOfTheNewIncarnation(t *testing.T) {
	onDisks(t, func(h *house, from, _ *memory.Disk) {
		h.publish("a", "b")
		h.start()
		h.settle(time.Second)
		h.stop()
		err := h.to.Do(context.Background(), func(tx *store.Tx) error {
			at, _, err := tx.Position(till, 0)
			if err != nil {
				return err
			}
			stood := at.Position
			at.Epoch = 2
			return tx.Move(stood, at)
		})
		if err != nil {
			t.Fatal(err)
		}
		h.from.Close()
		h.to.Close()
		from.Restore(from.Copy())
		h.open()
		h.start()
		h.publish("a")
		h.settle(time.Second)
		h.stop()
		h.wantEffects("a", 1, 3)
		if at := h.position(); at != (bailiwick.Position{Epoch: 2, Seq: 3}) {
			t.Errorf("it stands at %s, want 2:3", at)
		}
	})
}
