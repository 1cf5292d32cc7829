package postgres_test

import (
	"context"
	"database/sql"
	"errors"

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
