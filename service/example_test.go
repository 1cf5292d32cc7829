package service_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Every part runs without this package: here an order's message is followed by
// parts that a plain errgroup runs.
func ExamplePart() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	orders, err := sqlite.Open(ctx, filepath.Join(dir, "orders.db"), sqlite.Options{Owner: "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	billing, err := sqlite.Open(ctx, filepath.Join(dir, "billing.db"), sqlite.Options{Owner: "billing"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer billing.Close()

	feed, err := orders.Log().Feed(ctx, store.Subscriber{Name: "billing"})
	if err != nil {
		fmt.Println(err)
		return
	}
	follower := &follow.Follower{DB: billing, Source: feed, Handlers: follow.Handlers{
		"order.placed": inbox.Handle(1, func(tx *store.Tx, _ *bailiwick.Message, total int) error {
			tx.AfterCommit(func() {
				fmt.Println("billed", total)
				stop()
			})
			return nil
		}),
	}}

	var group errgroup.Group
	for _, p := range []service.Part{orders, billing, follower} {
		group.Go(func() error { return p.Run(ctx) })
	}
	err = orders.Do(ctx, func(tx *store.Tx) error { return outbox.Publish(tx, "order.placed", 1, "order-1", 42) })
	if err != nil {
		fmt.Println(err)
	}
	if err := group.Wait(); err != nil {
		fmt.Println(err)
	}
	// Output: billed 42
}

// A group runs services together: orders publishes, billing follows.
func ExampleGroup() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	orders, err := sqlite.Open(ctx, filepath.Join(dir, "orders.db"), sqlite.Options{Owner: "orders"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer orders.Close()
	billing, err := sqlite.Open(ctx, filepath.Join(dir, "billing.db"), sqlite.Options{Owner: "billing"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer billing.Close()

	group, err := service.NewGroup(service.Options{},
		&service.Service{Name: "orders", DB: orders},
		&service.Service{Name: "billing", DB: billing, Follows: map[string]follow.Handlers{
			"orders": {"order.placed": inbox.Handle(1, func(tx *store.Tx, _ *bailiwick.Message, total int) error {
				tx.AfterCommit(func() { fmt.Println("billed", total) })
				return nil
			})},
		}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- group.Run(ctx) }()

	err = orders.Do(ctx, func(tx *store.Tx) error { return outbox.Publish(tx, "order.placed", 1, "order-1", 42) })
	if err == nil {
		err = group.Settle(ctx)
	}
	stop()
	fmt.Println("settled:", err, "stopped:", <-ended)
	// Output:
	// billed 42
	// settled: <nil> stopped: <nil>
}
