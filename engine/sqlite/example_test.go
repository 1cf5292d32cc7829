package sqlite_test

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

func Example() {
	dir, err := os.MkdirTemp("", "order")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{
		Owner:      "order",
		Migrations: []store.Migration{{Version: 1, Name: "orders", SQL: `CREATE TABLE orders (id TEXT PRIMARY KEY, total INTEGER NOT NULL)`}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	// The row and the message commit together, or neither does.
	err = db.Do(ctx, func(tx *store.Tx) error {
		if _, err := tx.SQL().Exec(`INSERT INTO orders (id, total) VALUES (?, ?)`, "o-1", 1250); err != nil {
			return err
		}
		return tx.Publish(bailiwick.Message{Key: "o-1", Type: "order.placed", Version: 1, Data: []byte(`{"total":1250}`)})
	})
	if err != nil {
		log.Fatal(err)
	}
	state, err := db.Log().State(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(state.Name, state.Head)

	// A second owner is refused.
	_, err = sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	fmt.Println(bailiwick.CodeOf(err))
	// Output:
	// order/outbox 1
	// locked
}
