package saga_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// A shop orders goods from a warehouse that has none left. The saga takes the
// order back.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	dir, err := os.MkdirTemp("", "saga")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	shop, err := sqlite.Open(ctx, filepath.Join(dir, "shop.db"), sqlite.Options{Owner: "shop"})
	if err != nil {
		panic(err)
	}
	defer shop.Close()
	warehouse, err := sqlite.Open(ctx, filepath.Join(dir, "warehouse.db"), sqlite.Options{Owner: "warehouse"})
	if err != nil {
		panic(err)
	}
	defer warehouse.Close()

	// The shop's side: the plan.
	type order struct {
		Item string `json:"item"`
	}
	ended := make(chan string, 1)
	orchestrator := saga.New(shop, saga.Options{})
	orders, err := saga.Register(orchestrator, saga.Definition[order]{
		Name: "place-order",
		Steps: []saga.Step[order]{
			{
				Name:  "create",
				Local: func(tx *store.Tx, o *order) error { return nil },
				LocalUndo: func(tx *store.Tx, o *order, why saga.Rejection) error {
					tx.AfterCommit(func() { ended <- "rejected: " + why.Reason })
					return nil
				},
			},
			{
				Name:    "reserve",
				Command: "warehouse.reserve", Undo: "warehouse.release",
				Request: func(tx *store.Tx, o *order) (any, error) { return *o, nil },
			},
			{
				Name: "confirm", Pivot: true,
				Local: func(tx *store.Tx, o *order) error {
					tx.AfterCommit(func() { ended <- "confirmed" })
					return nil
				},
			},
		},
	})
	if err != nil {
		panic(err)
	}

	// The warehouse's side: what it does when it is asked.
	commands := follow.Handlers{
		"warehouse.reserve": saga.Action(func(tx *store.Tx, c saga.Command, o order) (struct{}, error) {
			return struct{}{}, saga.Reject("out-of-stock", "no %s left", o.Item)
		}),
		"warehouse.release": saga.Compensation(func(tx *store.Tx, c saga.Command, o order) error { return nil }),
	}

	// Each follows the other's log.
	var running sync.WaitGroup
	follows := func(consumer, producer *store.DB, handlers follow.Handlers) {
		feed, err := producer.Log().Feed(ctx, store.Subscriber{Name: consumer.Owner(), Types: handlers.Types()})
		if err != nil {
			panic(err)
		}
		running.Go(func() { _ = (&follow.Follower{DB: consumer, Source: feed, Handlers: handlers}).Run(ctx) })
	}
	follows(warehouse, shop, commands)
	follows(shop, warehouse, orchestrator.Handlers())

	err = shop.Do(ctx, func(tx *store.Tx) error {
		return orders.Start(tx, "order-1", "customer-7", &order{Item: "lantern"})
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(<-ended)
	stop()
	running.Wait()
	// Output: rejected: out-of-stock
}
