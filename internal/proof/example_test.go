package proof_test

import (
	"fmt"

	"github.com/bailiwick/bailiwick/internal/proof"
)

// A line that keeps a promise asks whether it may. In a normal build the answer is
// a constant.
func Example() {
	balance, seen := 0, map[string]bool{}
	credit := func(command string, amount int) {
		if seen[command] && !proof.Off(proof.Barrier) {
			return
		}
		seen[command] = true
		balance += amount
	}
	credit("1", 100)
	credit("1", 100)
	fmt.Println(balance)
	// Output: 100
}
