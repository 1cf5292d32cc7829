package proof

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// asked returns which constants the product hands to a function of this package:
// "At" or "Off".
func asked(t *testing.T, function string) map[string]int {
	t.Helper()
	names := map[string]int{}
	for _, room := range []string{"store", "follow", "saga", "inbox", "outbox", "engine"} {
		err := filepath.WalkDir(filepath.Join("..", "..", room), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok || len(call.Args) != 1 || !isOfProof(call.Fun, function) {
					return true
				}
				if arg, ok := call.Args[0].(*ast.SelectorExpr); ok {
					names[arg.Sel.Name]++
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func isOfProof(fun ast.Expr, name string) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != name {
		return false
	}
	pkg, ok := s.X.(*ast.Ident)
	return ok && pkg.Name == "proof"
}

// A point that nobody comes to kills nobody, and a promise that nobody asks about
// cannot be broken: a name alone proves nothing.
func TestEachNameHasItsPlace(t *testing.T) {
	points, promises := asked(t, "At"), asked(t, "Off")
	if len(points) != len(Points()) || len(promises) != len(Promises()) {
		t.Errorf("the product asks for %d of %d points and %d of %d promises: %v, %v",
			len(points), len(Points()), len(promises), len(Promises()), points, promises)
	}
}
