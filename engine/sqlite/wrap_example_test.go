package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store/guest"
)

// A service keeps its own pool and its own migrations; Wrap compares the tables with
// what it needs, alters nothing, and opens the log beside the pool.
func ExampleWrap() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx := context.Background()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "shop.db")+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	// "bailiwick schema print --engine sqlite --for outbox" writes this migration.
	schema, err := sqlite.Schema()
	if err != nil {
		fmt.Println(err)
		return
	}
	migration, err := schema.Print(guest.Wanted{For: guest.Outbox})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, statement := range migration {
		if _, err := pool.Exec(statement.Text); err != nil {
			fmt.Println(err)
			return
		}
	}

	db, err := sqlite.Wrap(ctx, pool, sqlite.Options{Owner: "shop", Guest: guest.Outbox})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(db.Owner(), db.Log().Name())
	fmt.Println(db.Close(), pool.Ping()) // the pool stays the caller's
	// Output:
	// shop shop/outbox
	// <nil> <nil>
}
