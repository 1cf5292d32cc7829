package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// onBoth runs a test with a fresh database of either engine.
func onBoth(t *testing.T, test func(t *testing.T, url string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "shop.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, server.Database(t)) })
}

// opened opens the shop, with 1000 mugs, and runs its log until the test ends.
func opened(t *testing.T, url string) (*Shop, *store.DB) {
	t.Helper()
	shop, log, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- log.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-stopped, log.Close(), shop.pool.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := shop.Receive(t.Context(), "mug", 1000); err != nil {
		t.Fatal(err)
	}
	return shop, log
}

// told reads n messages of the log, as a follower would.
func told(t *testing.T, log *store.DB, n int) (list []Sold) {
	t.Helper()
	feed, err := log.Log().Feed(t.Context(), store.Subscriber{Name: "warehouse"})
	if err != nil {
		t.Fatal(err)
	}
	for at := (bailiwick.Position{}); len(list) < n; {
		if err := feed.Wait(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		batch, err := feed.Read(t.Context(), at, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range batch.Messages {
			var sold Sold
			if err := json.Unmarshal(m.Data, &sold); err != nil || m.Type != "item.sold" || m.Key != sold.SKU {
				t.Fatalf("got %+v, %v", m, err)
			}
			list = append(list, sold)
		}
		at = batch.Through
	}
	return list
}

// What was rolled back, or was never sold, is not told.
func TestRollbackTellsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		shop, log := opened(t, url)
		ctx := t.Context()
		if err := shop.Sell(ctx, Sold{ID: "1", SKU: "mug", Pieces: 1001}); err != ErrSoldOut {
			t.Errorf("selling more than there is: %v", err)
		}
		undo(t, shop, Sold{ID: "2", SKU: "mug", Pieces: 7})
		if err := shop.Sell(ctx, Sold{ID: "3", SKU: "mug", Pieces: 2}); err != nil {
			t.Fatal(err)
		}
		if err := shop.Sell(ctx, Sold{ID: "3", SKU: "mug", Pieces: 2}); err == nil {
			t.Error("one sale was sold twice")
		}
		if err := shop.Sell(ctx, Sold{ID: "4", SKU: "mug", Pieces: 3}); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(told(t, log, 2)), "[{3 mug 2 998} {4 mug 3 995}]"; got != want {
			t.Errorf("told were %s, want %s", got, want)
		}
		if state, err := log.Log().State(ctx); err != nil || state.Head != 2 || state.Staged > 0 {
			t.Errorf("the log is %+v, %v", state, err)
		}
	})
}

// undo sells, tells, and thinks better of it.
func undo(t *testing.T, shop *Shop, sale Sold) {
	t.Helper()
	if err := shop.undone(t.Context(), sale); err != nil {
		t.Error(err)
	}
}

func (s *Shop) undone(ctx context.Context, sale Sold) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = s.queries(tx).Take(ctx, sale.Pieces, sale.SKU)
	if err == nil {
		err = s.events.Publish(ctx, tx, "item.sold", 1, sale.SKU, sale)
	}
	return errors.Join(err, tx.Rollback())
}

// Sixteen sell at once and every third thinks better of it: no sale is lost or told
// twice, and those of one article are told in the order of their commits, in which
// the stock went down.
func TestSixteenSellAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		shop, log := opened(t, url)
		if err := shop.Receive(t.Context(), "cup", 1000); err != nil {
			t.Fatal(err)
		}
		const sellers, each = 16, 15
		errs := make([]error, sellers)
		var all sync.WaitGroup
		for n := range sellers {
			all.Go(func() {
				for i := range each {
					sale := Sold{ID: fmt.Sprint(n, "-", i), SKU: []string{"mug", "cup"}[(n+i)%2], Pieces: 1}
					if i%3 == 2 {
						errs[n] = shop.undone(t.Context(), sale)
					} else {
						errs[n] = shop.Sell(t.Context(), sale)
					}
					if errs[n] != nil {
						return
					}
				}
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		left := map[string]int64{"mug": 1000, "cup": 1000}
		for _, sold := range told(t, log, sellers*each*2/3) {
			if seen[sold.ID] {
				t.Errorf("%s was told twice", sold.ID)
			}
			seen[sold.ID] = true
			if left[sold.SKU]--; sold.Left != left[sold.SKU] {
				t.Fatalf("%s left %d %ss and was told when %d were", sold.ID, sold.Left, sold.SKU, left[sold.SKU])
			}
		}
		for _, id := range sales(t, shop.pool) {
			if !seen[id] {
				t.Errorf("%s was never told", id)
			}
			delete(seen, id)
		}
		if len(seen) > 0 {
			t.Errorf("told were sales that are none: %v", seen)
		}
	})
}

// sales returns the ids of all sales.
func sales(t *testing.T, pool *sql.DB) (ids []string) {
	t.Helper()
	rows, err := pool.Query(`SELECT id FROM sale ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return ids
}
