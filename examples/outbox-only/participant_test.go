package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/outbox-only/pgdb"
	"github.com/bailiwick/bailiwick/examples/outbox-only/sqlitedb"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// The shop goes on: with the tables of the inbox beside those of the outbox it
// follows an office's log and takes part in its sagas. Its handlers run the same
// generated code, in the transaction that moves the position.
func TestInboxAndSagaBesideTheOutbox(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		shop, db, statements := participating(t, url)
		ctx, stop := context.WithCancel(t.Context())
		var parts sync.WaitGroup
		defer parts.Wait()
		defer stop()
		run := func(part func(context.Context) error) {
			parts.Go(func() {
				if err := part(ctx); err != nil && ctx.Err() == nil {
					t.Error(err)
				}
			})
		}
		run(db.Run)

		office, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "office.db"), sqlite.Options{Owner: "office"})
		if err != nil {
			t.Fatal(err)
		}
		defer office.Close()
		run(office.Run)
		ended := make(chan string, 2)
		orchestrator := saga.New(office, saga.Options{})
		orders, err := saga.Register(orchestrator, saga.Definition[Sold]{Name: "order", Steps: []saga.Step[Sold]{
			{Name: "create", Local: func(*store.Tx, *Sold) error { return nil },
				LocalUndo: func(tx *store.Tx, s *Sold, why saga.Rejection) error {
					tx.AfterCommit(func() { ended <- s.ID + " " + why.Reason })
					return nil
				}},
			{Name: "take", Command: "shop.take", Undo: "shop.return", Request: func(_ *store.Tx, s *Sold) (any, error) { return *s, nil }},
			{Name: "confirm", Pivot: true, Local: func(tx *store.Tx, s *Sold) error {
				tx.AfterCommit(func() { ended <- s.ID + " confirmed" })
				return nil
			}},
		}})
		if err != nil {
			t.Fatal(err)
		}

		follows := func(by, of *store.DB, handlers follow.Handlers) {
			feed, err := of.Log().Feed(ctx, store.Subscriber{Name: by.Owner(), Types: handlers.Types()})
			if err != nil {
				t.Fatal(err)
			}
			follower := &follow.Follower{DB: by, Source: feed, Handlers: handlers}
			run(follower.Run)
		}
		follows(office, db, orchestrator.Handlers())
		follows(db, office, follow.Handlers{
			"goods.delivered": inbox.Handle(1, func(tx *store.Tx, _ *bailiwick.Message, d Sold) error {
				return statements(tx).Receive(tx.Context(), d.SKU, d.Pieces)
			}),
			"shop.take": saga.Action(func(tx *store.Tx, _ saga.Command, s Sold) (int64, error) {
				left, err := statements(tx).Take(tx.Context(), s.Pieces, s.SKU)
				if errors.Is(err, sql.ErrNoRows) {
					return 0, saga.Reject("sold-out", "there are no %d of %s", s.Pieces, s.SKU)
				}
				if err != nil {
					return 0, err
				}
				return left, statements(tx).AddSale(tx.Context(), s.ID, s.SKU, s.Pieces)
			}),
			"shop.return": saga.Compensation(func(tx *store.Tx, _ saga.Command, s Sold) error {
				return statements(tx).Receive(tx.Context(), s.SKU, s.Pieces)
			}),
		})

		// One key, so one after another: a delivery, and two orders of which the
		// second wants more than is left.
		for _, s := range []Sold{{}, {ID: "o-1", SKU: "lamp", Pieces: 4}, {ID: "o-2", SKU: "lamp", Pieces: 7}} {
			err := office.Do(ctx, func(tx *store.Tx) error {
				if s.ID == "" {
					return outbox.Publish(tx, "goods.delivered", 1, "lamp", Sold{SKU: "lamp", Pieces: 10})
				}
				return orders.Start(tx, s.ID, s.SKU, &s)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		got := []string{<-ended, <-ended}
		if all := strings.Join(got, ", "); all != "o-1 confirmed, o-2 sold-out" && all != "o-2 sold-out, o-1 confirmed" {
			t.Errorf("the orders ended: %s", all)
		}
		var left, number int
		err = shop.pool.QueryRow(`SELECT pieces, (SELECT count(*) FROM sale) FROM stock WHERE sku = 'lamp'`).Scan(&left, &number)
		if err != nil || left != 6 || number != 1 {
			t.Errorf("there are %d lamps and %d sales, %v; want 6 and 1", left, number, err)
		}
	})
}

// participating opens the shop's database with the tables of the inbox as well.
// statements is sqlc's code in a handler's transaction.
func participating(t *testing.T, url string) (shop *Shop, db *store.DB, statements func(*store.Tx) queries) {
	t.Helper()
	shop, db, err := open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	of := sqlite.Schema
	statements = func(tx *store.Tx) queries { return sqlitedb.New(tx.SQL()) }
	if strings.HasPrefix(url, "postgres:") {
		of = postgres.Schema
		statements = func(tx *store.Tx) queries { return pgdb.New(tx.SQL()) }
	}
	schema, err := of()
	if err != nil {
		t.Fatal(err)
	}
	list, err := schema.Print(guest.Wanted{For: guest.Saga, Beside: guest.Outbox})
	if err != nil {
		t.Fatal(err)
	}
	for _, st := range list {
		if _, err := shop.pool.Exec(st.Text); err != nil {
			t.Fatal(err)
		}
	}
	if schema.Engine == "postgres" {
		db, err = postgres.Wrap(t.Context(), shop.pool, postgres.Options{Owner: "shop", Guest: guest.Saga})
	} else {
		db, err = sqlite.Wrap(t.Context(), shop.pool, sqlite.Options{Owner: "shop", Guest: guest.Saga})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), shop.pool.Close()); err != nil {
			t.Error(err)
		}
	})
	return shop, db, statements
}
