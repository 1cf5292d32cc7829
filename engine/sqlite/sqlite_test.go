package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var ledger = []store.Migration{{Version: 1, Name: "ledger", SQL: `CREATE TABLE ledger (id INTEGER PRIMARY KEY, account TEXT NOT NULL, amount INTEGER NOT NULL) STRICT;`}}

func openTest(tb testing.TB, opts Options) *store.DB {
	tb.Helper()
	if opts.Owner == "" {
		opts.Owner = "order"
	}
	if opts.Migrations == nil {
		opts.Migrations = ledger
	}
	db, err := Open(context.Background(), filepath.Join(tb.TempDir(), "order.db"), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return db
}

// BenchmarkInsert is what one prepared statement costs inside a large closure.
func BenchmarkInsert(b *testing.B) {
	db := openTest(b, Options{})
	b.ReportAllocs()
	err := db.Do(context.Background(), func(tx *store.Tx) error {
		for i := range b.N {
			if _, err := tx.SQL().Exec("INSERT INTO ledger (account, amount) VALUES (?, ?)", "customer-1", i); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkGroup is what a transaction of one statement and one message costs when
// 64 callers share commits.
func BenchmarkGroup(b *testing.B) {
	db := openTest(b, Options{})
	ctx := context.Background()
	b.SetParallelism(32) // of two cores
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := db.Do(ctx, func(tx *store.Tx) error {
				if _, err := tx.SQL().Exec("INSERT INTO ledger (account, amount) VALUES (?, ?)", "customer-1", 5); err != nil {
					return err
				}
				return tx.Publish(bailiwick.Message{Key: "customer-1", Type: "ledger.entered", Version: 1, Data: []byte(`{"amount":5}`)})
			})
			if err != nil {
				b.Error(err)
			}
		}
	})
	s := db.Stats()
	b.ReportMetric(float64(s.Members)/float64(s.Commits), "members/commit")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
}
