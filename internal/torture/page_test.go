package torture

import (
	"os"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// docs/proof.md names every fault, and every invariant with what it says.
func TestThePageTellsOfEverything(t *testing.T) {
	text, err := os.ReadFile("../../docs/proof.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, k := range nemesis.Kinds() {
		if !strings.Contains(page, "`"+string(k)+"`") {
			t.Errorf("the fault %s is missing", k)
		}
	}
	names, says := verdict.Invariants()
	for i, name := range names {
		if row := "| `" + name + "` | " + says[i] + " |\n"; !strings.Contains(page, row) {
			t.Errorf("the page lacks %s", row)
		}
	}
	for _, name := range []string{Rested, verdict.RunningSums} {
		if !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the invariant %s is missing", name)
		}
	}
}
