package prometheus_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/prometheus"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

var accounts = []store.Migration{{Version: 1, Name: "accounts", SQL: `CREATE TABLE account (id TEXT PRIMARY KEY, balance INTEGER NOT NULL);`}}

func open(t *testing.T, owner string, metrics *prometheus.Metrics) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), owner+".db"),
		sqlite.Options{Owner: owner, Migrations: accounts, Store: store.Options{Observer: metrics}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := metrics.Watch(db); err != nil {
		t.Fatal(err)
	}
	return db
}

func scrape(t *testing.T, metrics *prometheus.Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("scrape: %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func contains(t *testing.T, page string, lines ...string) {
	t.Helper()
	for _, line := range lines {
		if !strings.Contains(page, line) {
			t.Errorf("the scrape lacks %q:\n%s", line, page)
		}
	}
}

func TestScrape(t *testing.T) {
	ctx := context.Background()
	metrics := prometheus.New("account")
	db := open(t, "account", metrics)
	if _, err := db.Log().Feed(ctx, store.Subscriber{Name: "ledger"}); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		err := db.Do(ctx, func(tx *store.Tx) error {
			if _, err := tx.SQL().Exec(`INSERT INTO account (id, balance) VALUES (?, ?)`, fmt.Sprint(i), 5); err != nil {
				return err
			}
			return tx.Publish(bailiwick.Message{Type: "account.opened", Version: 1, Key: fmt.Sprint(i), Data: []byte(`{}`)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := db.Do(ctx, func(tx *store.Tx) error {
		_, err := tx.SQL().Exec(`INSERT INTO account (id, balance) VALUES (?, ?)`, "0", 5)
		return err
	})
	if err == nil {
		t.Fatal("the same account was opened twice")
	}

	page := scrape(t, metrics)
	contains(t, page,
		`bailiwick_query_duration_seconds_count{operation="insert",service="account",status="ok",table="account"} 3`,
		`bailiwick_query_duration_seconds_count{operation="insert",service="account",status="error",table="account"} 1`,
		`bailiwick_connections{service="account",state="active"}`,
		`bailiwick_connections{service="account",state="idle"}`,
		`bailiwick_connections{service="account",state="open"}`,
		`bailiwick_connections{service="account",state="waiting"} 0`,
		`bailiwick_log_head{service="account"} 3`,
		`bailiwick_log_lag{follower="ledger",service="account",state="required"} 3`,
		`bailiwick_commit_group_size{service="account"}`,
		`bailiwick_scrape_failures_total{service="account"} 0`,
	)
	if strings.Contains(page, `bailiwick_commits_total{service="account"} 0`) {
		t.Error("commits were not counted")
	}
}

// A scrape of a database that does not answer still tells what is known without
// it, and that it failed.
func TestScrapeOfClosedDatabase(t *testing.T) {
	metrics := prometheus.New("account")
	db := open(t, "account", metrics)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	contains(t, scrape(t, metrics), `bailiwick_scrape_failures_total{service="account"} 1`, `bailiwick_commits_total{service="account"}`)
}

func TestServicesAreScrapedApart(t *testing.T) {
	one, two := prometheus.New("order"), prometheus.New("payment")
	open(t, "order", one)
	open(t, "payment", two)
	if page := scrape(t, one); strings.Contains(page, "payment") {
		t.Errorf("the scrape of one service tells of another:\n%s", page)
	}
	contains(t, scrape(t, two), `service="payment"`)
}

func TestCount(t *testing.T) {
	metrics := prometheus.New("order")
	open(t, "order", metrics)
	var failure error
	sagas := func(context.Context) (map[string]int, error) { return map[string]int{"parked": 2}, failure }
	if err := metrics.Count("bailiwick_sagas", "Sagas by state.", "state", sagas); err != nil {
		t.Fatal(err)
	}
	contains(t, scrape(t, metrics), `bailiwick_sagas{service="order",state="parked"} 2`)

	failure = errors.New("no answer")
	contains(t, scrape(t, metrics), `bailiwick_log_head`) // the rest is told all the same

	if err := metrics.Count("bailiwick_sagas", "Sagas by state.", "state", sagas); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("a name that is taken: %v", err)
	}
}

// Names of tables that a program makes up do not fill the memory.
func TestSeriesAreBounded(t *testing.T) {
	metrics := prometheus.New("order")
	for i := range 2000 {
		metrics.ObserveQuery(store.QueryEvent{Operation: "select", Table: fmt.Sprintf("t%d", i)})
	}
	page := scrape(t, metrics)
	if n := strings.Count(page, "_count{"); n > 501 {
		t.Errorf("%d series", n)
	}
	contains(t, page, `_count{operation="select",service="order",status="ok",table="other"} 1500`)
}

func ExampleMetrics() {
	metrics := prometheus.New("order")
	metrics.ObserveQuery(store.QueryEvent{Operation: "select", Table: "document"}) // the store does this
	w := httptest.NewRecorder()
	metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/order/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.Contains(line, "_count{") {
			fmt.Print(line)
		}
	}
	// Output: bailiwick_query_duration_seconds_count{operation="select",service="order",status="ok",table="document"} 1
}
