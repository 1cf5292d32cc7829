package upgrade_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The old service is no switch in today's: nothing of today's is in it, or in what it
// is made of.
func TestTheOldServiceKnowsNothingOfTheNew(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	made := strings.Fields(string(out))
	const shop = "github.com/bailiwick/bailiwick/examples/shop/"
	if slices.Contains(made, shop+"notification") {
		t.Error("today's notification service is in the old one")
	}
	for _, part := range []string{"upgrade", "notification/notificationapi"} { // else the list misses something
		if !slices.Contains(made, shop+part) {
			t.Errorf("go list did not tell of %s", part)
		}
	}
}
