package durability

import (
	"math/rand/v2"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// A process is killed between writing a commit and syncing it. Whoever starts next
// finds the commit, in the memory of the machine, and tells the world. The power goes
// at that moment: the world was told the truth all the same.
func TestWhatTheNextProcessReadsIsDurable(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 3))
	r := blank().record(t, sqlite.Full, "killed", chance, trade)
	kills, finds := 0, 0
	for i, op := range r.ops {
		r.play(i)
		if op.Kind != disk.Sync {
			continue
		}
		kills++
		told := len(r.known.done)
		next := r.record(t, sqlite.Full, "next", chance, idle)
		for at, op := range next.ops {
			if op.Kind == disk.Tell {
				next.play(at + 1)
			}
		}
		if len(next.known.done) > told {
			finds++
		}
		next.survives(t, chance, disk.Nothing)
	}
	if finds == 0 {
		t.Errorf("killed %d times, and there was never anything to find", kills)
	}
}
