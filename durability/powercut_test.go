package durability

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// seeds is how many machines are tried: go test . -run Acknowledged -seeds 1000
var seeds = flag.Uint64("seeds", 12, "how many machines lose their power")

// Whatever the moment and whatever of the unsynced survives, all that was
// acknowledged is there after a power cut, whole and in step; also when the machine
// had lost its power before, or a process had been killed on it.
func TestAcknowledgedTransactionsSurvive(t *testing.T) {
	const generations, places = 3, 16
	for seed := range *seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(seed, 1))
			next, shared := blank(), false
			for generation := range generations {
				r := next.record(t, sqlite.Full, fmt.Sprint(generation), chance, trade, trade)
				shared = shared || slices.ContainsFunc(r.ops, func(op disk.Op) bool { return op.Note == any(grouped{}) })
				chosen := chance.IntN(places)
				for i, place := range draws(chance, places, len(r.ops)) {
					r.play(place)
					image := r.survives(t, chance, disk.Luck(chance.IntN(int(disk.Lucks))))
					switch {
					case i != chosen:
					case chance.IntN(2) == 0:
						next = &run{disk: disk.New(image), known: r.known.clone()}
					default: // only the processes are killed
						d, _ := r.disk.Restart()
						next = &run{disk: d, known: r.known.clone()}
					}
				}
			}
			if !shared {
				t.Error("no transactions shared a commit")
			}
		})
	}
}

// grouped is told once transactions have shared a commit.
type grouped struct{}

// draws returns n places on a tape, in their order.
func draws(chance *rand.Rand, n, length int) []int {
	places := make([]int, n)
	for i := range places {
		places[i] = chance.IntN(length + 1)
	}
	slices.Sort(places)
	return places
}

// The first start on an empty disk, until the databases are there and closed, can be
// cut at every operation, and the next start begins anew or goes on.
func TestEveryMomentOfTheFirstStart(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	r := blank().record(t, sqlite.Full, "first", chance, idle)
	for place := range len(r.ops) + 1 {
		r.play(place)
		for luck := range disk.Lucks {
			r.survives(t, chance, luck)
		}
	}
}

// trade has several writers at work at once, with the ledger behind them, while the
// write-ahead log is copied into the file and the bank forgets messages that the
// ledger has applied.
func trade(m *machine, dir, name string, chance *rand.Rand) error {
	if err := m.follow(); err != nil {
		return err
	}
	const writers, transfers = 8, 6
	errs := make([]error, writers+2)
	var all sync.WaitGroup
	for w := range writers {
		own := rand.New(rand.NewPCG(chance.Uint64(), 1))
		all.Go(func() {
			for i := range transfers {
				if err := m.transfer(draw(fmt.Sprintf("%s.%d.%d", name, w, i), own)); err != nil {
					errs[w] = err
					return
				}
			}
		})
	}
	after := chance.IntN(writers * transfers / 2)
	how := []string{"PASSIVE", "FULL", "RESTART", "TRUNCATE"}[chance.IntN(4)]
	all.Go(func() { errs[writers] = checkpoint(filepath.Join(dir, "bank.db"), how) })
	all.Go(func() { errs[writers+1] = m.forget(after) })
	all.Wait()
	if s := m.bank.Stats(); s.Members > s.Commits {
		m.tell(grouped{})
	}
	return errors.Join(errs...)
}

// forget has the bank forget what the ledger has applied, once it has applied so many
// messages of this life.
func (m *machine) forget(after int) error {
	m.mu.Lock()
	seq := m.at + int64(after)
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.settle(ctx, seq); err != nil {
		return err
	}
	return m.bank.Log().Trim(ctx)
}

// checkpoint copies the log into the file on a connection of its own, as the engine
// does once the log is long.
func checkpoint(path, how string) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)")
	if err != nil {
		return err
	}
	_, err = db.Exec("PRAGMA wal_checkpoint(" + how + ")")
	return errors.Join(err, db.Close())
}
