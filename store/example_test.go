package store_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// A service changes its tables and publishes in one closure; whoever follows its
// log reads what was committed.
func Example() {
	dir, err := os.MkdirTemp("", "account")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "account.db"), sqlite.Options{
		Owner:      "account",
		Migrations: []store.Migration{{Version: 1, Name: "accounts", SQL: `CREATE TABLE account (id TEXT PRIMARY KEY, balance INTEGER NOT NULL)`}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "statements"})
	if err != nil {
		log.Fatal(err)
	}
	err = db.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.SQL().Exec(`INSERT INTO account (id, balance) VALUES (?, ?)`, "a-1", 500); err != nil {
			return err
		}
		return tx.Publish(bailiwick.Message{Key: "a-1", Type: "account.opened", Version: 1, Data: []byte(`{"balance":500}`)})
	})
	if err != nil {
		log.Fatal(err)
	}

	var start bailiwick.Position
	if err := feed.Wait(ctx, start); err != nil {
		log.Fatal(err)
	}
	batch, err := feed.Read(ctx, start, 100)
	if err != nil {
		log.Fatal(err)
	}
	for _, m := range batch.Messages {
		fmt.Println(m.Log, m.Seq, m.Type, string(m.Data))
	}
	feed.Ack(batch.Through)
	// Output:
	// account/outbox 1 account.opened {"balance":500}
}
