package catalog_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/catalog"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

// open makes the service in a directory, and its client.
func open(dir string) (*store.DB, *catalogapi.Client, error) {
	migrations, err := catalog.Migrations()
	if err != nil {
		return nil, nil, err
	}
	db, err := sqlite.Open(context.Background(), filepath.Join(dir, "catalog.db"), sqlite.Options{Owner: catalog.Name, Migrations: migrations, Synchronous: sqlite.Off})
	if err != nil {
		return nil, nil, err
	}
	s, err := catalog.New(db)
	if err != nil {
		return nil, nil, err
	}
	return db, &catalogapi.Client{Client: web.Client{Base: "http://catalog", HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}}, nil
}

func opened(t *testing.T) (*store.DB, *catalogapi.Client) {
	t.Helper()
	db, client, err := open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, client
}

func Example() {
	dir, err := os.MkdirTemp("", "catalog")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, client, err := open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()

	ctx := context.Background()
	if _, err := client.Put(ctx, "BANK CHARGES", catalogapi.Details{Description: "Bank Charges", Kind: catalogapi.Fee, Price: 15000, Currency: "GBP"}); err != nil {
		fmt.Println(err)
		return
	}
	p, err := client.Product(ctx, "BANK CHARGES")
	fmt.Println(p.Kind, p.Price, err)
	// Output: fee 15000 <nil>
}

// heard returns what the log tells of products.
func heard(t *testing.T, db *store.DB) (list []string) {
	t.Helper()
	for _, m := range bailiwicktest.Log(t, db) {
		var p catalogapi.Listed
		if err := json.Unmarshal(m.Data, &p); err != nil || m.Type != catalogapi.ProductListed || m.Version != catalogapi.Version || m.Key != p.Code {
			t.Errorf("%s %d of %s: %v", m.Type, m.Version, m.Key, err)
		}
		list = append(list, fmt.Sprint(p.Code, " ", p.Kind, " ", p.Price))
	}
	return list
}

func TestChangesAreToldOnce(t *testing.T) {
	db, c := opened(t)
	for _, price := range []int64{2550, 2550, 2950} {
		if _, err := c.Put(t.Context(), "85123A", catalogapi.Details{Kind: catalogapi.Goods, Price: price, Currency: "GBP"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(heard(t, db), ", "); got != "85123A goods 2550, 85123A goods 2950" {
		t.Errorf("heard of %s", got)
	}
}

func TestKindStays(t *testing.T) {
	db, c := opened(t)
	if _, err := c.Put(t.Context(), "M", catalogapi.Details{Kind: catalogapi.Fee, Currency: "GBP"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), "M", catalogapi.Details{Kind: catalogapi.Goods, Currency: "GBP"}); !web.IsProblem(err, "conflict") {
		t.Errorf("a fee became goods: %v", err)
	}
	if list := heard(t, db); len(list) != 1 {
		t.Errorf("heard of %v", list)
	}
}

func TestCaseTwinsAreTwo(t *testing.T) {
	_, c := opened(t)
	for code, price := range map[string]int64{"15056BL": 5950, "15056bl": 4950} {
		if _, err := c.Put(t.Context(), code, catalogapi.Details{Kind: catalogapi.Goods, Price: price, Currency: "GBP"}); err != nil {
			t.Fatal(err)
		}
	}
	for code, price := range map[string]int64{"15056BL": 5950, "15056bl": 4950} {
		if p, err := c.Product(t.Context(), code); err != nil || p.Price != price {
			t.Errorf("%s: %+v, %v", code, p, err)
		}
	}
}

func TestImportAndPages(t *testing.T) {
	db, c := opened(t)
	in := catalogapi.Import{}
	for i := range 250 {
		kind := catalogapi.Goods
		if i%50 == 0 {
			kind = catalogapi.Fee
		}
		in.Products = append(in.Products, catalogapi.Product{Code: fmt.Sprintf("P%03d", i), Kind: kind, Price: int64(i), Currency: "GBP"})
	}
	for range 2 { // the repeat is answered as before
		out, err := c.Import(t.Context(), "all", in)
		if err != nil || out != (catalogapi.Imported{Products: 250, Changed: 250}) {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	in.Products[0].Price = 7
	if _, err := c.Import(t.Context(), "all", in); !web.IsProblem(err, "key_reused") {
		t.Errorf("another body: %v", err)
	}
	if n := len(heard(t, db)); n != 250 {
		t.Errorf("%d messages", n)
	}
	var codes []string
	page := web.Page{Limit: 100}
	for {
		p, err := c.Products(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range p.Products {
			codes = append(codes, one.Code)
			page.After = one.Code
		}
		if len(p.Products) < page.Limit {
			break
		}
	}
	if len(codes) != 250 || codes[0] != "P000" || codes[249] != "P249" {
		t.Errorf("%d codes", len(codes))
	}
	if r, err := c.Report(t.Context()); err != nil || r != (catalogapi.Report{Goods: 245, Fees: 5}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	db, c := opened(t)
	good := catalogapi.Product{Code: "A", Kind: catalogapi.Goods, Currency: "GBP"}
	for name, change := range map[string]func(*catalogapi.Product){
		"no code":        func(p *catalogapi.Product) { p.Code = "" },
		"unknown kind":   func(p *catalogapi.Product) { p.Kind = "service" },
		"price below 0":  func(p *catalogapi.Product) { p.Price = -1 },
		"wrong currency": func(p *catalogapi.Product) { p.Currency = "EUR" },
	} {
		bad := good
		change(&bad)
		if _, err := c.Import(t.Context(), "", catalogapi.Import{Products: []catalogapi.Product{good, bad}}); !web.IsProblem(err, "invalid") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Product(t.Context(), "A"); !web.IsProblem(err, "not_found") {
		t.Errorf("nothing is there: %v", err)
	}
	if list := heard(t, db); len(list) != 0 {
		t.Errorf("heard of %v", list)
	}
}
