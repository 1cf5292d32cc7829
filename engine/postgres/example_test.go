package postgres_test

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

// A service that has its own pool hands it over and keeps it: its limits stay, and
// Close leaves it open.
func ExampleWrap() {
	run := func(ctx context.Context, url string) (err error) {
		pool, err := sql.Open("pgx", url)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, pool.Close()) }()
		db, err := postgres.Wrap(ctx, pool, postgres.Options{Owner: "bank"})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Do(ctx, func(tx *store.Tx) error {
			return outbox.Publish(tx, "account.opened", 1, "anna", map[string]int{"balance": 0})
		})
	}
	_ = run // with the URL of a PostgreSQL database
}

// A service on pgx publishes in its own transactions.
func ExamplePgx() {
	events := outbox.New(postgres.Outbox{}, outbox.Options{})
	place := func(ctx context.Context, conn *pgx.Conn) (err error) {
		tx, err := conn.Begin(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing
		// The service's own statements come here.
		if err := events.Publish(ctx, postgres.Pgx(tx), "order.placed", 1, "order-1", map[string]int{"total": 42}); err != nil {
			return err
		}
		return tx.Commit(ctx)
	}
	_ = place // with a connection to the service's database
}
