package postgres

import (
	"context"
	"database/sql"
	"testing"

	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		url := server.Database(t)
		options := func(s storetest.Setup) Options {
			return Options{Owner: s.Owner, Migrations: s.Migrations, Contract: s.Contract, Store: s.Store}
		}
		return storetest.Harness{
			Open: func(ctx context.Context, s storetest.Setup) (*store.DB, error) { return Open(ctx, url, options(s)) },
			OpenDriver: func(ctx context.Context, s storetest.Setup) (driver.DB, error) {
				return open(ctx, url, options(s), false)
			},
			HoldOpen: func(t *testing.T) func() {
				here, there := holdOpen(t, url), holdOpen(t, server.Database(t))
				return func() { here(); there() }
			},
		}
	})
}

// holdOpen begins a transaction that has written something, until release.
func holdOpen(t testing.TB, url string) (release func()) {
	t.Helper()
	pool, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin()
	if err == nil {
		_, err = tx.Exec(`CREATE TEMPORARY TABLE held (n int); INSERT INTO held VALUES (1); SELECT pg_current_xact_id()`)
	}
	if err != nil {
		pool.Close()
		t.Fatal(err)
	}
	released := false
	release = func() {
		if !released {
			released = true
			tx.Rollback()
			pool.Close()
		}
	}
	t.Cleanup(release)
	return release
}
