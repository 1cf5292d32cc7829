package main

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// constructing is how the names of functions begin that make a part.
var constructing = []string{"New", "Open", "Wrap", "Pgx", "Handle", "Register", "Listen"}

// silent are packages whose examples print nothing that could be compared: they
// need a server.
var silent = []string{"engine/postgres"}

// Every exported constructor of a public package has an example, which runs: one
// that has its name, or one of its type or its package that calls it.
func TestConstructorsHaveExamples(t *testing.T) {
	found := 0
	err := eachPackage(root, func(dir string, fset *token.FileSet, files []*ast.File) error {
		p, err := doc.NewFromFiles(fset, files, "github.com/bailiwick/bailiwick/"+dir)
		if err != nil {
			return err
		}
		var tests []*ast.File
		for _, f := range files {
			if strings.HasSuffix(fset.Position(f.Package).Filename, "_test.go") {
				tests = append(tests, f)
			}
		}
		examples := doc.Examples(tests...)
		for fn, typ := range constructors(p) {
			found++
			if !slices.ContainsFunc(examples, func(e *doc.Example) bool { return shows(e, fn, typ) && runs(e, dir) }) {
				t.Errorf("%s: %s has no example that runs: write Example%s", dir, fn, fn)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 10 {
		t.Errorf("only %d constructors were found", found)
	}
}

// constructors returns them with the type that each makes, which may be none of
// the package.
func constructors(p *doc.Package) map[string]string {
	all := map[string]string{}
	add := func(f *doc.Func, typ string) {
		if slices.ContainsFunc(constructing, func(name string) bool { return strings.HasPrefix(f.Name, name) }) {
			all[f.Name] = typ
		}
	}
	for _, t := range p.Types {
		for _, f := range t.Funcs {
			add(f, t.Name)
		}
	}
	for _, f := range p.Funcs {
		add(f, "")
	}
	return all
}

// shows reports whether an example is of a constructor.
func shows(e *doc.Example, fn, typ string) bool {
	name, _, _ := strings.Cut(e.Name, "_")
	if name == fn {
		return true
	}
	called := false
	ast.Inspect(e.Code, func(n ast.Node) bool {
		if call, ok := n.(*ast.SelectorExpr); ok && call.Sel.Name == fn {
			called = true
		}
		return true
	})
	return called && (name == typ || name == "")
}

func runs(e *doc.Example, dir string) bool {
	return e.Output != "" || e.EmptyOutput || slices.Contains(silent, dir)
}

func Example() {
	for _, p := range pages {
		fmt.Println(p.path)
	}
	// Output:
	// docs/configuration.md
	// docs/errors.md
}
