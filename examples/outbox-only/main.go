// Command outbox-only is a shop with its own *sql.DB, code that sqlc generated and
// migrations for goose, which has taken in an outbox and nothing else of Bailiwick.
// README.md shows what that changed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick/engine/httpfeed"
)

func main() {
	db := flag.String("db", "shop.db", "the database: a file, or postgres://…")
	addr := flag.String("addr", "127.0.0.1:8087", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *db, *addr); err != nil {
		fmt.Fprintln(os.Stderr, "outbox-only:", err)
		os.Exit(1)
	}
}

// run serves the shop, and its log to others, until ctx ends.
func run(ctx context.Context, url, addr string) error {
	shop, log, err := open(ctx, url)
	if err != nil {
		return err
	}
	defer shop.pool.Close()
	defer log.Close()

	mux := http.NewServeMux()
	mux.HandleFunc("POST /sales", shop.serveSale)
	mux.Handle("GET /feed", httpfeed.Handler(log.Log(), httpfeed.ServerOptions{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("sell at http://" + listener.Addr().String() + "/sales, follow at http://" + listener.Addr().String() + "/feed")

	parts, ctx := errgroup.WithContext(ctx)
	parts.Go(func() error { return log.Run(ctx) }) // gives messages their place in the log
	parts.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	parts.Go(func() error {
		<-ctx.Done()
		return server.Close() // whoever follows asks again elsewhere, or later
	})
	return parts.Wait()
}

// serveSale answers 201 once a sale is committed, 409 where it is sold out.
func (s *Shop) serveSale(w http.ResponseWriter, r *http.Request) {
	var sale Sold
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&sale); err != nil || sale.ID == "" || sale.Pieces < 1 {
		http.Error(w, `send {"id": …, "sku": …, "pieces": 1 or more}`, http.StatusBadRequest)
		return
	}
	switch err := s.Sell(r.Context(), sale); {
	case errors.Is(err, ErrSoldOut):
		http.Error(w, err.Error(), http.StatusConflict)
	case err != nil:
		http.Error(w, "it failed, try again", http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusCreated)
	}
}
