package bank_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// The four services in one process, and one transfer.
func Example() {
	dir, err := os.MkdirTemp("", "bank")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx, stop := context.WithCancel(context.Background())
	at, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- bank.Serve(ctx, bank.Options{
			Open: func(ctx context.Context, owner string, migrations []store.Migration, opts store.Options) (*store.DB, error) {
				return sqlite.Open(ctx, filepath.Join(dir, owner+".db"), sqlite.Options{Owner: owner, Migrations: migrations, Store: opts})
			},
			Listening: func(url string) error { at <- url; return nil },
			Logger:    slog.New(slog.DiscardHandler),
		})
	}()
	url := <-at
	client := &bank.Client{At: func(string) string { return url }, Wait: 5 * time.Second}
	for client.Open(ctx, map[string]int64{"alice": 100, "bob": 20}) != nil {
		settle.Pause(ctx) // it is starting
	}
	paid, outcome, _ := client.Transfer(ctx, "first", "alice", "bob", 31)
	fmt.Println(outcome, paid.Status)
	refused, outcome, _ := client.Transfer(ctx, "second", "alice", "bob", 51)
	fmt.Println(outcome, refused.Status, refused.Reason)
	stop()
	fmt.Println(<-ended)
	// Output:
	// ok done
	// fail rejected limit
	// <nil>
}
