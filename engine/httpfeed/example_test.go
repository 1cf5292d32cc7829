package httpfeed_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// The log of order is served, and read from there as billing, which may be another
// process. A follow.Follower takes the feed as its Source.
func Example() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx := context.Background()
	order, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer order.Close()
	server := httptest.NewServer(httpfeed.Handler(order.Log(), httpfeed.ServerOptions{}))
	defer server.Close()

	feed, err := httpfeed.New(httpfeed.Options{URL: server.URL, Log: "order/outbox", Follower: "billing"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer feed.Close()
	err = order.Do(ctx, func(tx *store.Tx) error {
		return tx.Publish(bailiwick.Message{Type: "order.placed", Key: "order-1", Version: 1, Data: []byte(`{"total":42}`)})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	start := bailiwick.Position{}
	if err := feed.Wait(ctx, start); err != nil {
		fmt.Println(err)
		return
	}
	batch, err := feed.Read(ctx, start, 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range batch.Messages {
		fmt.Printf("%s %s %s\n", m.Type, m.Key, m.Data)
	}
	feed.Ack(batch.Through)
	// Output: order.placed order-1 {"total":42}
}
