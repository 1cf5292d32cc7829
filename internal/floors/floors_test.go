package floors

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// listed is what go list tells of a package.
type listed struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

// packages returns those of the module.
func packages(t *testing.T) []listed {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	// A list that misses the house would find nothing wrong with it.
	for _, pkg := range []string{"", "/store", "/follow", "/saga", "/engine/sqlite", "/service", "/examples/shop/order", "/cmd/bailiwick"} {
		if !slices.ContainsFunc(all, func(p listed) bool { return p.ImportPath == Module+pkg }) {
			t.Errorf("go list did not tell of %s", Module+pkg)
		}
	}
	return all
}

func TestImportsWalkDown(t *testing.T) {
	for _, p := range packages(t) {
		check(t, p.ImportPath, p.Imports, false)
		check(t, p.ImportPath, p.TestImports, true)
		check(t, p.ImportPath, p.XTestImports, true)
	}
}

func check(t *testing.T, from string, imports []string, test bool) {
	t.Helper()
	for _, to := range imports {
		if why := Wrong(from, to, test); why != "" {
			what := "imports"
			if test {
				what = "tests import"
			}
			t.Errorf("%s %s %s: %s", from, what, to, why)
		}
	}
}

func TestTheRules(t *testing.T) {
	shop := "/examples/shop"
	for _, c := range []struct {
		from, to string
		test, ok bool
	}{
		{"", "fmt", false, true},
		{"", "golang.org/x/sync/errgroup", false, false},
		{"", "golang.org/x/sync/errgroup", true, true},
		{"", "/store", false, false},
		{"/store", "", false, true},
		{"/store", "/store/driver", false, true},
		{"/store", "/follow", false, false},
		{"/store/storetest", "/engine/sqlite", false, false},
		{"/follow", "/store", false, true},
		{"/follow", "/saga", false, false},
		{"/saga", "/follow", false, true},
		{"/saga", "/outbox", false, false},
		{"/saga", "/engine/sqlite", false, false},
		{"/saga", "/engine/sqlite", true, true},
		{"/saga", "/internal/pgtest", false, false},
		{"/saga", "/internal/pgtest", true, true},
		{"/engine/sqlite", "/store/driver", false, true},
		{"/engine/sqlite", "/outbox", false, false},
		{"/engine/sqlite", "/engine/postgres", false, false},
		{"/engine/sqlite", "/engine/sqlite/vfs", false, true},
		{"/service", "/saga", false, true},
		{"/service", "/engine/sqlite", false, false},
		{"/service", shop, false, false},
		{"/bailiwicktest", "/service", false, true},
		{"/bailiwicktest", "/engine/sqlite", false, true},
		{"/saga", "/bailiwicktest", true, true},
		{shop + "/shoptest", "/bailiwicktest", false, true},
		{shop + "/order", "/bailiwicktest", true, true},
		{shop + "/order", "/bailiwicktest", false, false},
		{"/service", "/bailiwicktest", false, false},
		{shop, "/service", false, true},
		{shop, "/engine/sqlite", false, true},
		{shop, "/cmd/bailiwick", false, false},
		{"/cmd/bailiwick", shop + "/replay", false, true},
		{shop, shop + "/order", false, true},
		{shop + "/order", shop + "/order/orderapi", false, true},
		{shop + "/order", shop + "/payment/paymentapi", false, true},
		{shop + "/order", shop + "/payment", false, false},
		{shop + "/order", shop + "/payment", true, false},
		{shop + "/order", shop + "/payment/ledger", false, false},
		{shop + "/order", shop + "/order/desk", false, true},
		{shop + "/order", shop, false, false},
		{shop + "/order", shop + "/replay", true, false},
		{shop + "/order", shop + "/web", false, true},
		{shop + "/order", "/engine/sqlite", false, false},
		{shop + "/order", "/engine/sqlite", true, true},
		{shop + "/order/orderapi", shop + "/order", false, false},
		{shop + "/order/orderapi", shop + "/payment/paymentapi", false, true},
		{"/util", "fmt", false, false},
		{"/follow", "/util", false, false},
		{"/follow", "github.com/bailiwick/bailiwickish", false, true},
	} {
		from, to := Module+c.from, c.to
		if to == "" || to[0] == '/' {
			to = Module + to
		}
		if why := Wrong(from, to, c.test); (why == "") != c.ok {
			t.Errorf("%s -> %s (test %v): %q", from, to, c.test, why)
		}
	}
}

func ExampleWrong() {
	fmt.Println(Wrong(Module+"/saga", Module+"/outbox", false))
	// Output: rooms of one floor do not know each other
}
