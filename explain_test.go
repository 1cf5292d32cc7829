package bailiwick_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
)

// declared returns the codes that error.go declares, in their order.
func declared(t *testing.T) []bailiwick.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []bailiwick.Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if name, ok := spec.Type.(*ast.Ident); ok && name.Name == "Code" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, bailiwick.Code(text))
		}
		return true
	})
	return codes
}

func TestEveryCodeIsExplained(t *testing.T) {
	want := declared(t)
	if len(want) < 19 {
		t.Fatalf("only %d codes were found: %q", len(want), want)
	}
	var have []bailiwick.Code
	for _, e := range bailiwick.Explanations() {
		have = append(have, e.Code)
		if e.Meaning == "" || len(e.Causes) == 0 || len(e.Do) == 0 {
			t.Errorf("%s is explained in part only: %+v", e.Code, e)
		}
		if !strings.Contains(e.Example, " ("+string(e.Code)+")") {
			t.Errorf("the example of %s is another's: %s", e.Code, e.Example)
		}
	}
	if !slices.Equal(want, have) {
		t.Errorf("declared: %q\nexplained: %q", want, have)
	}
}

func ExampleExplain() {
	e, known := bailiwick.Explain(bailiwick.Locked)
	fmt.Println(known, e.Meaning)
	for _, step := range e.Do {
		fmt.Println("-", step)
	}
	// Output:
	// true A running owner holds the database.
	// - find the process: the error names its id where it is known
	// - stop it, or ask it to do the work through its admin socket
	// - a lock never outlives its process: no file has to be removed
}
