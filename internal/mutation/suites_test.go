//go:build proof

package mutation

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/internal/proof"
)

const (
	// within is how long it may take until somebody notices.
	within = time.Minute
	// patience is how long a campaign may take where the simulation has noticed.
	patience = 3 * within
)

// full demands the servers that the full suite needs; without them these tests are
// not what they say.
func full(t *testing.T) {
	t.Helper()
	if os.Getenv("BAILIWICK_TEST") != "full" {
		t.Skip("set BAILIWICK_TEST=full to break each promise and see who notices")
	}
}

// Each suite that states a promise goes red without it, and is green with it.
func TestSuitesNotice(t *testing.T) {
	full(t)
	for _, r := range Table() {
		t.Run(string(r.Promise), func(t *testing.T) {
			pkg, test, _ := strings.Cut(r.Suite, ": ")
			if out, passed := suiteUnder(t, "", pkg, test); !passed {
				t.Errorf("%s is red with every promise kept:\n%s", r.Suite, out)
			}
			out, passed := suiteUnder(t, r.Promise, pkg, test)
			if passed {
				t.Errorf("%s is green without %s:\n%s", r.Suite, r.Promise, out)
			}
			if !strings.Contains(out, "--- FAIL: ") {
				t.Errorf("%s did not fail by a test's word:\n%s", r.Suite, out)
			}
		})
	}
}

// suiteUnder runs a test in a build that can break, with a promise off.
func suiteUnder(t *testing.T, off proof.Promise, pkg, test string) (out string, passed bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*within) // it may have to be built first
	defer cancel()
	pattern := "^" + strings.ReplaceAll(test, "/", "$/^") + "$"
	run := exec.CommandContext(ctx, "go", "test", "-tags", "proof", "-count", "1", "-timeout", within.String(), "-run", pattern, "./"+pkg)
	run.Dir = root
	run.Env = append(os.Environ(), proof.Variable+"="+string(off))
	text, err := run.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("go test %s: %v, %v", pkg, err, ctx.Err())
	}
	if strings.Contains(string(text), "no tests to run") {
		t.Fatalf("%s has no test %s:\n%s", pkg, test, text)
	}
	return string(text), err == nil
}
