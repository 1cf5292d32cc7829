package outbox_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// A service that has its own *sql.DB publishes in its own transactions.
func ExampleNew() {
	if err := sell(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: order.placed {"total":42}
}

func sell(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "shop.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer pool.Close()
	// The service's own migrations hold what "bailiwick schema print" writes.
	schema, err := sqlite.Schema()
	if err != nil {
		return err
	}
	migration, err := schema.Print(guest.Wanted{For: guest.Outbox})
	if err != nil {
		return err
	}
	for _, statement := range migration {
		if _, err := pool.ExecContext(ctx, statement.Text); err != nil {
			return err
		}
	}
	// Followers read the log of this, which is opened beside the pool.
	db, err := sqlite.Wrap(ctx, pool, sqlite.Options{Owner: "shop", Guest: guest.Outbox})
	if err != nil {
		return err
	}
	defer db.Close()

	events := outbox.New(sqlite.Outbox{}, outbox.Options{})
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	// The service's own statements come here.
	if err := events.Publish(ctx, tx, "order.placed", 1, "order-1", map[string]int{"total": 42}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}

	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "billing"})
	if err != nil {
		return err
	}
	batch, err := feed.Read(ctx, bailiwick.Position{}, 10)
	for _, m := range batch.Messages {
		fmt.Println(m.Type, string(m.Data))
	}
	return err
}
