package floors

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

var quoted = regexp.MustCompile("`([\\w./…-]+)`")

// ARCHITECTURE.md is the map. Every package is on it, but for the rooms of the shop,
// which are one entry, and every module; and the files and directories of its tables
// exist. There a name without a directory is beside the one before it.
func TestTheMapIsRight(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "ARCHITECTURE.md"))
	if err != nil {
		t.Fatal(err)
	}
	mapped := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		last := "."
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			name := strings.TrimSuffix(m[1], "/…")
			if beside, ok := strings.CutPrefix(name, "…/"); ok {
				name = path.Join(path.Dir(last), beside)
			}
			mapped[name] = true
			if !strings.HasPrefix(line, "|") || strings.Contains(name, "…") {
				continue
			}
			if beside := path.Join(last, name); exists(beside) && !exists(name) {
				name = beside
			}
			if !exists(name) {
				t.Errorf("there is no %s:\n%s", name, line)
			}
			if last = name; path.Ext(name) != "" {
				last = path.Dir(name)
			}
		}
	}
	for _, p := range packages(t) {
		dir := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, Module), "/")
		if dir != "" && !strings.HasPrefix(dir, "examples/shop/") && !mapped[dir] {
			t.Errorf("the package %s is not on the map", dir)
		}
	}
	modules, err := filepath.Glob(filepath.Join(root, "*", "go.mod"))
	examples, _ := filepath.Glob(filepath.Join(root, "*", "*", "go.mod"))
	if modules = append(modules, examples...); err != nil || len(modules) < 3 {
		t.Fatalf("%d modules: %v", len(modules), err)
	}
	for _, file := range modules {
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil || !mapped[filepath.ToSlash(dir)] {
			t.Errorf("the module %s is not on the map: %v", dir, err)
		}
	}
}

func exists(name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil
}
