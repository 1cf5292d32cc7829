package follow_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// A billing service follows the log of the order service. What it does with a
// message and how far it has come are committed together, in its own database.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, err := os.MkdirTemp("", "follow")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	order, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer order.Close()
	billing, err := sqlite.Open(ctx, filepath.Join(dir, "billing.db"), sqlite.Options{Owner: "billing"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer billing.Close()

	handlers := follow.Handlers{
		"order.confirmed": func(tx *store.Tx, m *bailiwick.Message) error {
			// Change billing's own tables here, through tx.SQL().
			tx.AfterCommit(func() {
				fmt.Printf("billed %s: %s\n", m.Key, m.Data)
				stop()
			})
			return nil
		},
	}
	feed, err := order.Log().Feed(ctx, store.Subscriber{Name: "billing", Types: handlers.Types()})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = order.Do(ctx, func(tx *store.Tx) error {
		return tx.Publish(bailiwick.Message{Type: "order.confirmed", Version: 1, Key: "order-1", Data: []byte(`{"total":12.5}`)})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	follower := &follow.Follower{DB: billing, Source: feed, Handlers: handlers}
	fmt.Println("stopped:", follower.Run(ctx))
	// Output:
	// billed order-1: {"total":12.5}
	// stopped: <nil>
}
