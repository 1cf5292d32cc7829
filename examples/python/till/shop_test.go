package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// The Python half follows the order service of the real shop as well: what it knows
// of its messages is what that publishes.
func TestShop(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	services, err := shop.Open(ctx, func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations, Synchronous: sqlite.Off})
	})
	if err != nil {
		t.Fatal(err)
	}
	group, err := service.NewGroup(service.Options{
		Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Feed:   func(log *store.Log) http.Handler { return httpfeed.Handler(log, httpfeed.ServerOptions{}) },
	}, services...)
	if err != nil {
		t.Fatal(errors.Join(err, shop.Close(services)))
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- group.Run(running) }()
	server := httptest.NewServer(group.Handler())
	defer func() {
		stop()
		server.CloseClientConnections() // of readers that still wait
		server.Close()
		if err := errors.Join(<-ended, shop.Close(services)); err != nil {
			t.Error(err)
		}
	}()

	address := freeAddress(t)
	loyalty := newProcess(t, "loyalty", func() *exec.Cmd {
		return loyaltyAt(interpreter, filepath.Join(dir, "loyalty.db"), address, server.URL+"/order/feed")
	})
	loyalty.start()
	// The log holds nothing back for a follower that it has never heard of.
	orders := services[slices.IndexFunc(services, func(s *service.Service) bool { return s.Name == "order" })]
	await(ctx, t, "loyalty is registered with the log", func() bool {
		list, err := orders.DB.Log().Followers(ctx)
		return err == nil && slices.ContainsFunc(list, func(f store.RegisteredFollower) bool { return f.Name == "loyalty" })
	})

	clients := shop.Connect(server.URL, server.Client())
	furnish(ctx, t, group, clients)
	for i, customer := range []string{"12583", "12583", "13047", "", "12583"} {
		quantity := int64(1)
		if i == 2 {
			quantity = 1000 // more than there is: this one is refused
		}
		_, err := clients.Order.PlaceOrder(ctx, "", 10*time.Second, orderapi.PlaceOrder{Reference: "by hand", Customer: customer,
			Country: "France", Currency: "GBP", Lines: []orderapi.Line{{Code: "85123A", Quantity: quantity, UnitPrice: 2550}}})
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			loyalty.kill()
			loyalty.start()
		}
	}
	p := &pair{t: t, ctx: ctx, urls: map[string]string{"loyalty": "http://" + address}}
	await(ctx, t, "12583 has 30 points and nobody else any", func() bool {
		balances := map[string]int64{}
		return p.get("loyalty", "/balances", &balances) == nil && maps.Equal(balances, map[string]int64{"12583": 30})
	})
	await(ctx, t, "the log has heard how far loyalty has come", func() bool {
		state, err := orders.DB.Log().State(ctx)
		if err != nil {
			return false
		}
		list, err := orders.DB.Log().Followers(ctx)
		return err == nil && slices.ContainsFunc(list, func(f store.RegisteredFollower) bool {
			return f.Name == "loyalty" && f.Position.Seq == state.Head
		})
	})
	loyalty.stop()
}

// furnish registers customers, lists a product and puts ten of it on the shelf.
func furnish(ctx context.Context, t *testing.T, group *service.Group, c *shop.Clients) {
	t.Helper()
	await(ctx, t, "the shop is open", func() bool { return group.Ready(ctx) == nil })
	var errs []error
	for _, id := range []string{"12583", "13047"} {
		_, err := c.User.Put(ctx, id, userapi.Details{Country: "France", Currency: "GBP"})
		errs = append(errs, err)
	}
	_, err := c.Catalog.Put(ctx, "85123A", catalogapi.Details{Description: "LANTERN", Kind: catalogapi.Goods, Price: 2550, Currency: "GBP"})
	errs = append(errs, err, group.Settle(ctx))
	_, err = c.Inventory.Receive(ctx, "first", inventoryapi.Receipt{Reference: "first", Lines: []inventoryapi.Line{{Code: "85123A", Quantity: 10}}})
	if err := errors.Join(append(errs, err)...); err != nil {
		t.Fatal(err)
	}
}

// await waits until something is so that nobody announces.
func await(ctx context.Context, t *testing.T, what string, so func() bool) {
	t.Helper()
	for !so() {
		if pause(ctx, 10*time.Millisecond); ctx.Err() != nil {
			t.Fatalf("in vain: %s", what)
		}
	}
}
