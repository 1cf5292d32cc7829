package driver_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// What a test of an engine does, in small: it asks for what the comments of this
// package promise, by way of the store that stands on the engine.
func Example() {
	dir, err := os.MkdirTemp("", "driver-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "ledger.db"), sqlite.Options{Owner: "ledger"})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	does := db.Capabilities()
	fmt.Println(does.Engine, "SQL:", does.SQL, "stamps:", does.Stamps, "shared:", does.Shared)

	// A position moves from where it stands, and from nowhere else.
	move := func(from, to int64) error {
		return db.Do(ctx, func(tx *store.Tx) error {
			var at bailiwick.Position
			if from > 0 {
				at = bailiwick.Position{Epoch: 1, Seq: from}
			}
			return tx.Move(at, driver.Position{Follower: "account/outbox", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: to}})
		})
	}
	fmt.Println(move(0, 7), bailiwick.CodeOf(move(0, 8)), move(7, 8))

	// A lease that changes hands gets a higher term.
	first, err := db.Lease(ctx, "sequencer", "one", time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	second, err := db.Lease(ctx, "sequencer", "two", time.Minute)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.Held, second.Held, second.Holder)
	if _, err := db.Lease(ctx, "sequencer", "one", 0); err != nil { // releases it
		log.Fatal(err)
	}
	if second, err = db.Lease(ctx, "sequencer", "two", time.Minute); err != nil {
		log.Fatal(err)
	}
	fmt.Println(second.Held, second.Term > first.Term)
	// Output:
	// sqlite SQL: true stamps: false shared: false
	// <nil> stale <nil>
	// true false one
	// true true
}
