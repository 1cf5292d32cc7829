package settle_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// A test waits for what it caused instead of sleeping.
func ExampleWait() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "printer"})
	if err != nil {
		fmt.Println(err)
		return
	}
	source := &settle.Source{Source: feed, Follower: "printer"}
	follower := &follow.Follower{DB: db, Source: source, Handlers: follow.Handlers{
		"order.placed": func(tx *store.Tx, m *bailiwick.Message) error {
			tx.AfterCommit(func() { fmt.Println("printed", m.Key) })
			return nil
		}}}
	ended := make(chan error)
	go func() { ended <- follower.Run(ctx) }()

	err = db.Do(ctx, func(tx *store.Tx) error {
		return tx.Publish(bailiwick.Message{Type: "order.placed", Version: 1, Key: "order-1"})
	})
	if err == nil {
		err = settle.Wait(ctx, []*store.DB{db}, []*settle.Source{source})
	}
	stop()
	fmt.Println(err, <-ended)
	// Output:
	// printed order-1
	// <nil> <nil>
}
