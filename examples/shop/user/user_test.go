package user_test

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
	"github.com/bailiwick/bailiwick/examples/shop/user"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

// open makes the service in a directory, and its client.
func open(dir string) (*store.DB, *userapi.Client, error) {
	migrations, err := user.Migrations()
	if err != nil {
		return nil, nil, err
	}
	db, err := sqlite.Open(context.Background(), filepath.Join(dir, "user.db"), sqlite.Options{Owner: user.Name, Migrations: migrations, Synchronous: sqlite.Off})
	if err != nil {
		return nil, nil, err
	}
	s, err := user.New(db)
	if err != nil {
		return nil, nil, err
	}
	return db, &userapi.Client{Client: web.Client{Base: "http://user", HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}}, nil
}

func opened(t *testing.T) (*store.DB, *userapi.Client) {
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
	dir, err := os.MkdirTemp("", "user")
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

	limit := int64(500_000)
	ctx := context.Background()
	if _, err := client.Put(ctx, "17850", userapi.Details{Country: "United Kingdom", CreditLimit: &limit, Currency: "GBP"}); err != nil {
		fmt.Println(err)
		return
	}
	ada, err := client.Customer(ctx, "17850")
	fmt.Println(ada.Country, *ada.CreditLimit, err)
	// Output: United Kingdom 500000 <nil>
}

// heard returns what the log tells of customers.
func heard(t *testing.T, db *store.DB) (list []userapi.Registered) {
	t.Helper()
	for _, m := range bailiwicktest.Log(t, db) {
		var r userapi.Registered
		if err := json.Unmarshal(m.Data, &r); err != nil || m.Type != userapi.UserRegistered || m.Version != userapi.Version || m.Key != r.ID {
			t.Errorf("%s %d of %s: %v", m.Type, m.Version, m.Key, err)
		}
		list = append(list, r)
	}
	return list
}

func TestChangesAreToldOnce(t *testing.T) {
	db, c := opened(t)
	limit, more := int64(1000), int64(2000)
	for _, d := range []userapi.Details{
		{Country: "France", CreditLimit: &limit, Currency: "GBP"},
		{Country: "France", CreditLimit: &limit, Currency: "GBP"}, // nothing new
		{Country: "France", CreditLimit: &more, Currency: "GBP"},
		{Country: "France", Currency: "GBP"},
		{Country: "EIRE", Currency: "GBP"},
	} {
		if _, err := c.Put(t.Context(), "12350", d); err != nil {
			t.Fatal(err)
		}
	}
	var limits []string
	for _, r := range heard(t, db) {
		text, _ := json.Marshal(r.CreditLimit)
		limits = append(limits, r.Country+" "+string(text))
	}
	if got := strings.Join(limits, ", "); got != "France 1000, France 2000, France null, EIRE null" {
		t.Errorf("heard of %s", got)
	}
	if r, err := c.Report(t.Context()); err != nil || r != (userapi.Report{Customers: 1}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestImport(t *testing.T) {
	db, c := opened(t)
	limit := int64(20_000_000)
	in := userapi.Import{}
	for i := range 1000 {
		in.Customers = append(in.Customers, userapi.Customer{ID: fmt.Sprint(12346 + i), Country: "Spain", CreditLimit: &limit, Currency: "GBP"})
	}
	for range 2 { // the repeat is answered as before
		out, err := c.Import(t.Context(), "all", in)
		if err != nil || out != (userapi.Imported{Customers: 1000, Changed: 1000}) {
			t.Fatalf("%+v, %v", out, err)
		}
	}
	if out, err := c.Import(t.Context(), "again", in); err != nil || out.Changed != 0 {
		t.Errorf("under another key: %+v, %v", out, err)
	}
	in.Customers[0].Country = "Italy"
	if _, err := c.Import(t.Context(), "all", in); !web.IsProblem(err, "key_reused") {
		t.Errorf("another body: %v", err)
	}
	if n := len(heard(t, db)); n != 1000 {
		t.Errorf("%d messages", n)
	}
	r, err := c.Report(t.Context())
	if err != nil || r != (userapi.Report{Customers: 1000, Limited: 1000, CreditLimits: 1000 * limit}) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestBadInputChangesNothing(t *testing.T) {
	db, c := opened(t)
	below := int64(-1)
	for name, customer := range map[string]userapi.Customer{
		"no id":          {Country: "Spain", Currency: "GBP"},
		"no country":     {ID: "1", Currency: "GBP"},
		"wrong currency": {ID: "1", Country: "Spain", Currency: "EUR"},
		"limit below 0":  {ID: "1", Country: "Spain", Currency: "GBP", CreditLimit: &below},
		"long id":        {ID: strings.Repeat("1", 65), Country: "Spain", Currency: "GBP"},
	} {
		in := userapi.Import{Customers: []userapi.Customer{{ID: "0", Country: "Spain", Currency: "GBP"}, customer}}
		if _, err := c.Import(t.Context(), "", in); !web.IsProblem(err, "invalid") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.Import(t.Context(), "", userapi.Import{}); !web.IsProblem(err, "invalid") {
		t.Errorf("nobody: %v", err)
	}
	if _, err := c.Customer(t.Context(), "0"); !web.IsProblem(err, "not_found") {
		t.Errorf("nobody is there: %v", err)
	}
	if list := heard(t, db); len(list) != 0 {
		t.Errorf("heard of %v", list)
	}
}
