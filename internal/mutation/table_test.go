package mutation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/internal/proof"
)

const root = "../.."

func TestEachPromiseIsNoticed(t *testing.T) {
	table := Table()
	if len(table) != len(proof.Promises()) {
		t.Fatalf("the table has %d rows for %d promises", len(table), len(proof.Promises()))
	}
	for i, p := range proof.Promises() {
		r := table[i]
		switch {
		case r.Promise != p:
			t.Errorf("row %d is of %s, want %s", i, r.Promise, p)
		case !r.Simulation && r.Campaign == "":
			t.Errorf("neither the simulation nor the campaign claims to notice %s", p)
		case r.Without == "" || name[r.Campaign] == "" && r.Campaign != "":
			t.Errorf("the row of %s is not whole: %+v", p, r)
		}
	}
}

// A test that the table names and nobody finds would be a claim without a proof.
func TestSuitesAreThere(t *testing.T) {
	for _, r := range Table() {
		pkg, test, _ := strings.Cut(r.Suite, ": ")
		top, _, _ := strings.Cut(test, "/")
		files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pkg), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(text), "\nfunc "+top+"(t *testing.T)")
		}
		if !found {
			t.Errorf("%s: %s has no test %q", r.Promise, pkg, top)
		}
	}
}

func TestThePageShowsTheTable(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "proof.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), markdown()) {
		t.Errorf("docs/proof.md does not show this table:\n%s", markdown())
	}
}
