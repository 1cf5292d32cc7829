package durability

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/durability/tap"
	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// A sync that fails may have lost what it was to cover, for good: the system forgets
// that those pages were ever changed, and the next sync succeeds. What was
// acknowledged is there all the same after a power cut, and what was said not to have
// happened has not.
func TestFailedSyncsTakeNothingBack(t *testing.T) {
	const machines, places = 6, 12
	for seed := range uint64(machines) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(seed, 9))
			r := blank().record(t, sqlite.Full, "sick", chance, tradeOnASickDisk, trade)
			lost := 0
			r.ops, lost = forgetUnsynced(r.ops, chance)
			if lost == 0 {
				t.Error("no sync failed that had something to cover")
			}
			for _, place := range draws(chance, places, len(r.ops)) {
				r.play(place)
				r.survives(t, chance, disk.Luck(chance.IntN(int(disk.Lucks))))
			}
		})
	}
}

// tradeOnASickDisk trades while one sync in three fails.
func tradeOnASickDisk(m *machine, dir, name string, chance *rand.Rand) error {
	if err := m.follow(); err != nil {
		return err
	}
	var mu sync.Mutex
	luck := rand.New(rand.NewPCG(chance.Uint64(), 1))
	outlet.FailSyncs(dir, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return luck.IntN(3) == 0
	})
	defer outlet.FailSyncs(dir, nil)
	const writers, transfers = 4, 12
	errs := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		own := rand.New(rand.NewPCG(chance.Uint64(), 1))
		all.Go(func() {
			for i := range transfers {
				t := draw(fmt.Sprintf("%s.%d.%d", name, w, i), own)
				switch err := m.transfer(t); bailiwick.CodeOf(err) {
				case "", bailiwick.Unknown:
				case bailiwick.Unavailable:
					m.tell(refused{t.ID}) // it did not happen, and never will
				default:
					errs[w] = errors.Join(errs[w], err)
				}
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// forgetUnsynced takes from the tape, for half of the syncs that failed, what each was
// to cover. It returns how many writes that were.
func forgetUnsynced(ops []disk.Op, chance *rand.Rand) ([]disk.Op, int) {
	ops = slices.Clone(ops)
	covered, lost := map[disk.File]int{}, 0
	for _, op := range ops {
		if op.Kind == disk.Sync {
			covered[op.File] = op.Before
		}
		failed, ok := op.Note.(tap.SyncFailed)
		if !ok || chance.IntN(2) == 0 {
			continue
		}
		for j := covered[failed.File]; j < failed.Before; j++ {
			if ops[j].Kind == disk.Write && ops[j].File == failed.File {
				ops[j] = disk.Op{Kind: disk.Tell}
				lost++
			}
		}
	}
	return ops, lost
}
