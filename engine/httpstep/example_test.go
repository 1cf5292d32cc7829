package httpstep_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/httpstep"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// A shop has points redeemed by a service that speaks only HTTP, and that refuses.
func Example() {
	loyalty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Bailiwick-Operation"), r.Header.Get("Idempotency-Key"))
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"status":422,"reason":"too-few-points"}`)
	}))
	defer loyalty.Close()

	ctx, stop := context.WithCancel(context.Background())
	dir, err := os.MkdirTemp("", "httpstep")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	shop, err := sqlite.Open(ctx, filepath.Join(dir, "shop.db"), sqlite.Options{Owner: "shop"})
	if err != nil {
		panic(err)
	}
	defer shop.Close()

	type order struct {
		Points int `json:"points"`
	}
	orchestrator := saga.New(shop, saga.Options{})
	orders, err := saga.Register(orchestrator, saga.Definition[order]{
		Name: "place-order",
		Steps: []saga.Step[order]{
			{
				Name:  "create",
				Local: func(tx *store.Tx, o *order) error { return nil },
				LocalUndo: func(tx *store.Tx, o *order, why saga.Rejection) error {
					tx.AfterCommit(func() { fmt.Println("order refused:", why.Reason); stop() })
					return nil
				},
			},
			{
				Name: "redeem", Command: "loyalty.redeem", Undo: "loyalty.restore",
				Request: func(tx *store.Tx, o *order) (any, error) { return o, nil },
			},
		},
	})
	if err != nil {
		panic(err)
	}
	courier, err := httpstep.New(httpstep.Options{
		DB:      shop,
		Steps:   map[string]string{"loyalty.redeem": loyalty.URL, "loyalty.restore": loyalty.URL},
		Replies: orchestrator.Handlers(),
	})
	if err != nil {
		panic(err)
	}
	err = shop.Do(ctx, func(tx *store.Tx) error { return orders.Start(tx, "order-1", "ada", &order{Points: 500}) })
	if err != nil {
		panic(err)
	}
	fmt.Println("stopped:", courier.Run(ctx))
	// Output:
	// do shop.saga.reply/place-order/order-1/redeem/do
	// order refused: too-few-points
	// stopped: <nil>
}
