package bailiwick_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What README.md shows as the first service is what CI builds and tests, and it stays
// a page.
func TestReadmeShowsTheQuickstart(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("examples/quickstart/*.go")
	if err != nil || len(files) != 2 {
		t.Fatalf("the quickstart is %v, %v; want a program and its test", files, err)
	}
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(text), "\n")
		if !strings.Contains(string(readme), "\n```go\n"+string(text)+"```\n") {
			t.Errorf("README.md does not show %s as it is", file)
		}
	}
	if lines > 120 {
		t.Errorf("the quickstart has %d lines, want 120 at most", lines)
	}
}
