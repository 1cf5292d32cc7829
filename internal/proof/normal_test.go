//go:build !proof

package proof

import (
	"os/exec"
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

// What is inlined as a constant is taken out with all that hangs on it.
func TestNothingOfItIsLeft(t *testing.T) {
	build := exec.Command("go", "build", "-gcflags=-m", ".")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, line := range []string{"can inline At", "can inline Off"} {
		if !strings.Contains(string(out), line+"\n") {
			t.Errorf("the compiler does not say %q:\n%s", line, out)
		}
	}
}
