//go:build proof

package proof

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// A child of these tests reaches a point this many times and then says what is off.
const arrivals = 5

func TestMain(m *testing.M) {
	if os.Getenv("PROOF_CHILD") == "" {
		os.Exit(m.Run())
	}
	for range arrivals {
		os.Stdout.WriteString("before\n")
		At(AfterCommit)
	}
	for _, p := range Promises() {
		if Off(p) {
			os.Stdout.WriteString(string(p) + "\n")
		}
	}
}

// child runs a process that is broken as text says, and returns its lines.
func child(t *testing.T, text string) (lines []string, state *os.ProcessState) {
	t.Helper()
	self := exec.Command(os.Args[0])
	self.Env = append(os.Environ(), "PROOF_CHILD=1", Variable+"="+text)
	out, err := self.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return strings.Fields(string(out)), self.ProcessState
}

func TestAProcessDiesAtItsArrival(t *testing.T) {
	for text, want := range map[string]int{"after-commit": 1, "after-commit:3": 3, "after-commit:6": arrivals, "before-commit": arrivals} {
		lines, state := child(t, text)
		if len(lines) != want {
			t.Errorf("%s: it came to %d arrivals, want %d", text, len(lines), want)
		}
		if lives := want == arrivals; state.Success() != lives {
			t.Errorf("%s: it ended with %s", text, state)
		}
	}
}

func TestTheEnvironmentSwitchesOff(t *testing.T) {
	lines, state := child(t, "barrier,lane-positions")
	if got := lines[arrivals:]; !slices.Equal(got, []string{"lane-positions", "barrier"}) || !state.Success() {
		t.Errorf("off are %q, and it ended with %s", got, state)
	}
}

// A process that was to be broken and is not would prove the opposite.
func TestAWordThatNobodyKnowsEndsTheProcess(t *testing.T) {
	if lines, state := child(t, "barriers"); state.Success() || len(lines) > 1 {
		t.Errorf("it went on to %q and ended with %s", lines, state)
	}
}

func TestArm(t *testing.T) {
	t.Cleanup(func() { _ = Arm("") })
	for _, wrong := range []string{"nothing", "barrier:1", "after-commit:0", "after-commit:x", "after-commit:", "barrier,,x"} {
		if Arm(wrong) == nil {
			t.Errorf("%q was understood", wrong)
		}
	}
	for _, p := range Promises() {
		if err := Arm(string(p)); err != nil {
			t.Fatal(err)
		}
		for _, q := range Promises() {
			if Off(q) != (p == q) {
				t.Errorf("%s was switched off, and Off(%s) is %v", p, q, Off(q))
			}
		}
	}
	if err := Arm("before-commit:2,after-commit:2"); err != nil || Off(Barrier) {
		t.Errorf("%v, Off(Barrier) %v", err, Off(Barrier))
	}
	At(BeforeCommit)
	At(AfterCommit)
	if err := Arm(""); err != nil {
		t.Fatal(err)
	}
	At(BeforeCommit) // and lives on
}
