package simulation

import (
	"fmt"
	"testing"
)

// A case is told in a word, and run again by it.
func Example() {
	var t *testing.T // of the test that it is part of
	check := func(t *testing.T) {
		c := Case{Seed: 4711}
		if r := Run(t, c, false); len(r.Violations) > 0 {
			t.Error(Report(t, r))
		}
	}
	_, _ = t, check
	fmt.Println(Case{Seed: 4711}, Case{Seed: 4711, Only: []int{0, 3}})
	// Output: 4711 4711:0,3
}
