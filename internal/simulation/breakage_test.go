//go:build proof

package simulation

import (
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/internal/mutation"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// within is how long it may take until a broken promise is found.
const within = time.Minute

// Each promise that the simulation claims to keep watch over is found broken when it
// is switched off, by what was written and not by who is still waiting.
func TestBrokenPromisesAreFound(t *testing.T) {
	t.Cleanup(func() { arm(t, "") })
	for _, row := range mutation.Table() {
		if !row.Simulation {
			continue // mutation.Table says who finds it
		}
		t.Run(string(row.Promise), func(t *testing.T) {
			arm(t, string(row.Promise))
			begun := time.Now()
			for seed := uint64(1); time.Since(begun) < within; seed++ {
				if r := Run(t, Case{Seed: seed}, false); len(r.Violations) > 0 && !r.Unrest {
					t.Logf("seed %d, after %v: %s", seed, time.Since(begun).Round(time.Millisecond), r.Violations[0])
					return
				}
			}
			t.Errorf("nothing was found in %v", within)
		})
	}
}

func arm(t *testing.T, off string) {
	t.Helper()
	if err := proof.Arm(off); err != nil {
		t.Fatal(err)
	}
}
