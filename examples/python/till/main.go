// Command till is the Go half of this example: an order service whose customers pay
// with points, which the loyalty service keeps, written in Python. It asks for them
// in a saga, over plain HTTP, and follows that service's feed.
//
//	go run ./examples/python/till --database order.db --loyalty http://127.0.0.1:8085
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/serve"
	"github.com/bailiwick/bailiwick/store"
)

func main() {
	database := flag.String("database", "order.db", "the SQLite `file` that this service owns")
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to serve")
	loyalty := flag.String("loyalty", "http://127.0.0.1:8085", "`URL` of the loyalty service")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// An argument would show in the list of processes.
	if err := run(ctx, *database, *listen, *loyalty, os.Getenv("LOYALTY_TOKEN")); err != nil {
		fmt.Fprintln(os.Stderr, "till:", err)
		os.Exit(1)
	}
}

// run serves the till until ctx ends. token is what the loyalty service asks for.
func run(ctx context.Context, database, listen, loyalty, token string) error {
	migrations, err := store.Migrations(schema, "schema")
	if err != nil {
		return err
	}
	db, err := sqlite.Open(ctx, database, sqlite.Options{Owner: "order", Migrations: migrations})
	if err != nil {
		return err
	}
	defer db.Close()
	till, err := newTill(db, loyalty, token)
	if err != nil {
		return err
	}
	opts := service.Options{
		Feed:         func(log *store.Log) http.Handler { return httpfeed.Handler(log, httpfeed.ServerOptions{}) },
		DrainTimeout: 2 * time.Second,
		Sources: func(_ context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
			return httpfeed.New(httpfeed.Options{URL: loyalty + "/feed", Log: store.LogName(producer),
				Follower: consumer.Name, Types: types, Token: token})
		},
	}
	return serve.RunWith(ctx, listen, serve.Options{Group: opts}, till)
}
