package simulation

import (
	"flag"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var (
	seeds = flag.Uint64("seeds", 0, "how many seeds are simulated; 0 means as many as the time allows")
	from  = flag.Uint64("from", 1, "the first of them")
	only  = flag.String("case", "", "the one case that is simulated, and told of")
	span  = flag.Duration("for", 0, "for how long seeds are simulated; 0 means three seconds, or a minute where BAILIWICK_TEST=full")
)

// Whatever is drawn, each message has its effect once and in order, each transfer ends,
// and nothing is lost.
//
//	go test ./internal/simulation -run Simulation -seeds 1000000 -from 1
func TestSimulation(t *testing.T) {
	if *only != "" {
		c, err := ParseCase(*only)
		if err != nil {
			t.Fatal(err)
		}
		r := Run(t, c, true)
		t.Logf("%d violations\n%s", len(r.Violations), r)
		return
	}
	patience := *span
	switch {
	case patience > 0:
	case *seeds > 0:
		patience = 100 * time.Hour
	case os.Getenv("BAILIWICK_TEST") == "full":
		patience = time.Minute
	default:
		patience = 3 * time.Second
	}
	begun := time.Now()
	var taken, done, steps atomic.Uint64
	t.Run("seeds", func(t *testing.T) {
		for range runtime.GOMAXPROCS(0) {
			t.Run("", func(t *testing.T) {
				t.Parallel()
				for !t.Failed() && time.Since(begun) < patience {
					n := taken.Add(1) - 1
					if *seeds > 0 && n >= *seeds {
						return
					}
					r := Run(t, Case{Seed: *from + n}, false)
					done.Add(1)
					steps.Add(uint64(r.Steps))
					if len(r.Violations) > 0 {
						t.Error(Report(t, r))
					}
				}
			})
		}
	})
	took := time.Since(begun)
	t.Logf("%d seeds from %d, %d decisions, in %v: %.0f a second", done.Load(), *from, steps.Load(), took.Round(time.Millisecond), float64(done.Load())/took.Seconds())
}

// The same seed makes the same decisions.
func TestSeedsRepeat(t *testing.T) {
	many := uint64(200)
	if *seeds > 0 {
		many = *seeds
	}
	for seed := *from; seed < *from+many; seed++ {
		first, second := Run(t, Case{Seed: seed}, false), Run(t, Case{Seed: seed}, false)
		if first.Undecided > 0 {
			t.Errorf("seed %d left %d decisions to chance", seed, first.Undecided)
		}
		if first.Hash != second.Hash || first.Steps != second.Steps {
			a, b := Run(t, Case{Seed: seed}, true).Trace, Run(t, Case{Seed: seed}, true).Trace
			i := 0
			for i < min(len(a), len(b))-1 && a[i] == b[i] {
				i++
			}
			t.Fatalf("seed %d: %d decisions with the hash %x, then %d with %x; lately\n%s\n%s", seed,
				first.Steps, first.Hash, second.Steps, second.Hash, strings.Join(a[max(0, i-5):i+1], "\n"), b[i])
		}
	}
}
