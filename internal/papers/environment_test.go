package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	asking   = regexp.MustCompile(`\bos\.(?:Getenv|LookupEnv)\(([^)]+)\)`)
	variable = regexp.MustCompile(`const Variable = ("[A-Z_]+")`)
)

// Every environment variable that the code reads is in the reference, but for those
// of examples.
func TestEnvironmentIsDocumented(t *testing.T) {
	page, err := configuration(root)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err == nil && d.IsDir() && (d.Name() == ".git" || d.Name() == "examples"):
			return fs.SkipDir
		case err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range asking.FindAllStringSubmatch(string(text), -1) {
			found++
			name := m[1]
			if c := variable.FindStringSubmatch(string(text)); c != nil && name == "Variable" {
				name = c[1]
			}
			if !strings.HasPrefix(name, `"`) || !strings.Contains(page, "`"+strings.Trim(name, `"`)+"`") {
				t.Errorf("%s reads %s, which the reference does not have", path, name)
			}
		}
		return err
	})
	if err != nil || found < 3 {
		t.Errorf("%d are read: %v", found, err)
	}
}
