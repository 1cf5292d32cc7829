package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]+)\)`)
	beside  = regexp.MustCompile("`([a-z/]+)` `(Test[A-Za-z]+)[`/]")
	named   = regexp.MustCompile("^`((?:Test|Example)[A-Za-z]*)`$")
	calling = regexp.MustCompile("(?m)(?:`|^    )(?:go run ./cmd/)?bailiwick ([^`#\n]+)")
)

// handwritten returns the pages that people write.
func handwritten(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "testdata" || d.Name() == "secrets") {
			return fs.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			all = append(all, path)
		}
		return err
	})
	if err != nil || len(all) < 10 {
		t.Fatalf("%d pages: %v", len(all), err)
	}
	return all
}

// Every link of a page into the repository leads somewhere, and where its text names
// a test or an example, the file has that.
func TestLinksLeadSomewhere(t *testing.T) {
	tests := 0
	for _, path := range handwritten(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(m[2], "#")
			if strings.Contains(m[2], "://") || target == "" {
				continue
			}
			target = filepath.Join(filepath.Dir(path), target)
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", path, m[2])
				continue
			}
			if name := named.FindStringSubmatch(m[1]); name != nil {
				tests++
				if code, err := os.ReadFile(target); err != nil || !strings.Contains(string(code), "func "+name[1]+"(") {
					t.Errorf("%s: there is no %s in %s", path, name[1], m[2])
				}
			}
		}
	}
	if tests < 30 {
		t.Errorf("only %d tests are named", tests)
	}
}

// Where a page names a test behind its package, the package has it.
func TestNamedTestsExist(t *testing.T) {
	tests := 0
	for _, path := range handwritten(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range beside.FindAllStringSubmatch(string(text), -1) {
			tests++
			if !declared(filepath.Join(root, m[1]), m[2]) {
				t.Errorf("%s: there is no %s in %s", path, m[2], m[1])
			}
		}
	}
	if tests < 20 {
		t.Errorf("only %d tests are named", tests)
	}
}

// declared reports whether the tests of a directory have one of this name.
func declared(dir, name string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
	return slices.ContainsFunc(files, func(file string) bool {
		code, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(code), "func "+name+"(")
	})
}

// Every command that a page shows exists, with the flags that it shows.
func TestShownCommandsExist(t *testing.T) {
	var commands []command
	if err := ask(root, &commands, "commands"); err != nil {
		t.Fatal(err)
	}
	flags := map[string][]string{}
	for _, c := range commands {
		for _, f := range c.Flags {
			flags[c.Name] = append(flags[c.Name], f.Name)
		}
		flags[c.Name] = append(flags[c.Name], "help")
	}
	shown := 0
	for _, path := range handwritten(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range calling.FindAllStringSubmatch(string(text), -1) {
			shown++
			words := strings.Fields(m[1])
			name := words[0]
			if _, ok := flags[name]; !ok && len(words) > 1 {
				name += " " + words[1]
			}
			known, ok := flags[name]
			if !ok && !slices.Contains([]string{"help", "completion", "exit-codes"}, words[0]) && !family(flags, words[0]) {
				t.Errorf("%s: there is no command %q", path, m[0])
			}
			for _, word := range words {
				flag, isFlag := strings.CutPrefix(word, "--")
				flag, _, _ = strings.Cut(strings.TrimRight(flag, "},;"), "=")
				if isFlag && !slices.Contains(known, flag) && !slices.Contains(flags[""], flag) {
					t.Errorf("%s: %s has no flag --%s", path, m[0], flag)
				}
			}
		}
	}
	if shown < 20 {
		t.Errorf("only %d commands are shown", shown)
	}
}

// family says whether a word is a command that holds others.
func family(flags map[string][]string, word string) bool {
	for name := range flags {
		if strings.HasPrefix(name, word+" ") {
			return true
		}
	}
	return false
}
