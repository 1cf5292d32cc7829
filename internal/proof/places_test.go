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

// asked returns which constants the product hands to the functions of this package.
func asked(t *testing.T) (points, promises map[string]int) {
	t.Helper()
	points, promises = map[string]int{}, map[string]int{}
	names := map[string]map[string]int{"At": points, "Off": promises}
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
				if !ok || len(call.Args) != 1 {
					return true
				}
				if arg, ok := call.Args[0].(*ast.SelectorExpr); ok {
					if of := names[ofProof(call.Fun)]; of != nil {
						of[arg.Sel.Name]++
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return points, promises
}

// ofProof returns the name of a function of this package; empty for any other.
func ofProof(fun ast.Expr) string {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if pkg, ok := s.X.(*ast.Ident); !ok || pkg.Name != "proof" {
		return ""
	}
	return s.Sel.Name
}

// A point that nobody comes to kills nobody, and a promise that nobody asks about
// cannot be broken: a name alone proves nothing.
func TestEachNameHasItsPlace(t *testing.T) {
	points, promises := asked(t)
	if len(points) != len(Points()) || len(promises) != len(Promises()) {
		t.Errorf("the product asks for %d of %d points and %d of %d promises: %v, %v",
			len(points), len(Points()), len(promises), len(Promises()), points, promises)
	}
}
