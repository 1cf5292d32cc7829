package prometheus_test

import (
	"os"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/prometheus"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// Where the engine gives messages their seq after commit, a scrape tells how many
// wait for it: here one, because nothing runs the database's sequencer.
func TestScrapeOfStampingEngine(t *testing.T) {
	url := server.Database(t)
	metrics := prometheus.New("account")
	db, err := postgres.Open(t.Context(), url, postgres.Options{Owner: "account", Store: store.Options{Observer: metrics}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := metrics.Watch(db); err != nil {
		t.Fatal(err)
	}
	err = db.Do(t.Context(), func(tx *store.Tx) error {
		return tx.Publish(bailiwick.Message{Type: "account.opened", Version: 1, Key: "a", Data: []byte(`{}`)})
	})
	if err != nil {
		t.Fatal(err)
	}
	contains(t, scrape(t, metrics), `bailiwick_log_staged{service="account"} 1`, `bailiwick_log_head{service="account"} 0`)
}
