//go:build !proof

package proof

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestANormalBuildBreaksNothing(t *testing.T) {
	if Armed {
		t.Error("it says that it can")
	}
	t.Setenv("BAILIWICK_PROOF", string(Barrier)+","+string(AfterCommit))
	for _, p := range Promises() {
		if Off(p) {
			t.Errorf("%s is off", p)
		}
	}
	for _, p := range Points() {
		At(p) // and lives on
	}
}

// What is inlined as a constant is taken out with all that hangs on it: the program
// that people run has neither function, not even where generic code was compiled
// anew for its types.
func TestNothingOfItIsLeft(t *testing.T) {
	program := filepath.Join(t.TempDir(), "bailiwick")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/bailiwick").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	symbols, err := exec.Command("go", "tool", "nm", program).Output()
	if err != nil || !strings.Contains(string(symbols), "bailiwick/saga.") {
		t.Fatalf("go tool nm: %v, %d bytes", err, len(symbols))
	}
	for line := range strings.Lines(string(symbols)) {
		_, name, ours := strings.Cut(line, " github.com/bailiwick/bailiwick/internal/proof.")
		if name = strings.TrimSpace(name); ours && (name == "At" || name == "Off") {
			t.Errorf("it has proof.%s", name)
		}
	}
}
