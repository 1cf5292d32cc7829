package inbox_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// A command takes effect once, however often it is sent under its key.
func ExampleHandleHTTP() {
	dir, err := os.MkdirTemp("", "inbox-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(context.Background(), filepath.Join(dir, "shop.db"), sqlite.Options{Owner: "shop",
		Migrations: []store.Migration{{Version: 1, Name: "purchases", SQL: `CREATE TABLE purchase (n INTEGER PRIMARY KEY, item TEXT NOT NULL)`}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	type purchase struct {
		Number int    `json:"number"`
		Item   string `json:"item"`
	}
	mux := http.NewServeMux()
	mux.Handle("POST /purchases", inbox.HandleHTTP(db, func(tx *store.Tx, r *http.Request, p purchase) (purchase, error) {
		return p, tx.SQL().QueryRow(`INSERT INTO purchase (item) VALUES (?) RETURNING n`, p.Item).Scan(&p.Number)
	}))
	for range 2 {
		r := httptest.NewRequest("POST", "/purchases", strings.NewReader(`{"item":"mug"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", "ann-1")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 {"number":1,"item":"mug"}
	// 200 {"number":1,"item":"mug"}
}

// sale is what the tests' till is asked for.
type sale struct {
	Item string `json:"item"`
}

// till is a service that notes sales, and counts how often it did.
type till struct {
	handler http.Handler
	calls   int
	fail    error
}

func newTill(t *testing.T) *till {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "till.db"), sqlite.Options{Owner: "till",
		Migrations: []store.Migration{{Version: 1, Name: "sales", SQL: `CREATE TABLE sale (item TEXT NOT NULL)`}},
		Store:      store.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	l := &till{}
	mux := http.NewServeMux()
	mux.Handle("POST /sales", inbox.HandleHTTP(db, func(tx *store.Tx, _ *http.Request, s sale) (string, error) {
		l.calls++
		_, err := tx.SQL().Exec(`INSERT INTO sale (item) VALUES (?)`, s.Item)
		return fmt.Sprintf("sale %d", l.calls), errors.Join(err, l.fail)
	}))
	mux.Handle("GET /sales/{item}", inbox.HandleHTTP(db, func(tx *store.Tx, r *http.Request, _ struct{}) (s sale, err error) {
		if l.fail != nil {
			_, err := tx.SQL().Exec(`DELETE FROM sale`)
			return s, err
		}
		return s, tx.SQL().QueryRow(`SELECT item FROM sale WHERE item = ?`, r.PathValue("item")).Scan(&s.Item)
	}))
	l.handler = mux
	return l
}

// ask sends a request and returns the status and the answer.
func (l *till) ask(method, path, body string, headers ...string) (int, string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	l.handler.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

func TestHandleHTTP(t *testing.T) {
	l := newTill(t)
	key := []string{"Idempotency-Key", "k"}
	for i, c := range []struct {
		method, path, body string
		headers            []string
		status             int
		answer             string
	}{
		{"POST", "/sales", `{"item":"mug"}`, nil, 200, `"sale 1"`},
		{"POST", "/sales", `{"item":"mug"}`, key, 200, `"sale 2"`},
		{"POST", "/sales", `{"item":"mug"}`, key, 200, `"sale 2"`},
		{"POST", "/sales", `{"item":"cup"}`, key, 422, `"code":"key_reused"`},
		{"POST", "/sales?to=ann", `{"item":"mug"}`, key, 422, `"code":"key_reused"`},
		{"POST", "/sales", `{"item":"mug"}`, []string{"Idempotency-Key", strings.Repeat("k", 256)}, 422, `longer than 255`},
		{"POST", "/sales", `{"item":"mug","colour":"red"}`, nil, 422, `unknown field`},
		{"POST", "/sales", `{"item":`, nil, 422, `"code":"invalid"`},
		{"POST", "/sales", `{"item":"mug"} {}`, nil, 422, `something follows`},
		{"POST", "/sales", `{"item":"` + strings.Repeat("x", 1<<20) + `"}`, nil, 422, `too large`},
		{"POST", "/sales", `{"item":"mug"}`, []string{"Content-Type", "text/plain"}, 422, `not application/json`},
		{"GET", "/sales/mug", "", nil, 200, `{"item":"mug"}`},
		{"GET", "/sales/cup", "", nil, 404, `"code":"not_found"`},
	} {
		status, answer := l.ask(c.method, c.path, c.body, c.headers...)
		if status != c.status || !strings.Contains(answer, c.answer) {
			t.Errorf("request %d: %d %s, want %d %s", i+1, status, answer, c.status, c.answer)
		}
	}
	if l.calls != 2 {
		t.Errorf("%d sales, want 2", l.calls)
	}
}

// What fails leaves nothing, its key included; what the caller cannot mend is not
// told to him.
func TestHandleHTTPRefuses(t *testing.T) {
	for _, c := range []struct {
		err          error
		status       int
		code, detail string
	}{
		{saga.Reject("closed", "the till is closed"), 409, "closed", "rejected: closed: the till is closed"},
		{&bailiwick.Error{Code: bailiwick.Unavailable, Op: "till", Err: errors.New("secret")}, 503, "unavailable", "try again"},
		{errors.New("secret"), 500, "internal", "its log says why"},
		{&bailiwick.Error{Op: "till", Err: errors.New("secret")}, 500, "internal", "its log says why"}, // without a code
		{sql.ErrNoRows, 404, "not_found", "no such thing"},
	} {
		l := newTill(t)
		l.fail = c.err
		status, answer := l.ask("POST", "/sales", `{"item":"mug"}`, "Idempotency-Key", "k")
		var p struct{ Code, Detail string }
		if err := json.Unmarshal([]byte(answer), &p); err != nil || status != c.status || p.Code != c.code ||
			!strings.Contains(p.Detail, c.detail) || strings.Contains(answer, "secret") {
			t.Errorf("%v: %d %s", c.err, status, answer)
		}
		if status, _ := l.ask("GET", "/sales/mug", ""); status != http.StatusInternalServerError {
			t.Errorf("a GET wrote: %d", status)
		}
		l.fail = nil
		if status, _ := l.ask("GET", "/sales/mug", ""); status != 404 {
			t.Errorf("%v: what failed left a sale: %d", c.err, status)
		}
		if status, answer := l.ask("POST", "/sales", `{"item":"mug"}`, "Idempotency-Key", "k"); status != 200 {
			t.Errorf("%v: the key did not stay free: %d %s", c.err, status, answer)
		}
	}
}
