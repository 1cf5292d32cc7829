package shop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files opens one SQLite file for each service.
func files(dir string) shop.Opener {
	return func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations, Synchronous: sqlite.Off})
	}
}

// run runs a shop in a directory while work is done with it.
func run(dir string, work func(ctx context.Context, g *service.Group, c *shop.Clients) error) error {
	ctx := context.Background()
	services, err := shop.Open(ctx, files(dir))
	if err != nil {
		return err
	}
	group, err := service.NewGroup(service.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, services...)
	if err != nil {
		return errors.Join(err, shop.Close(services))
	}
	stopping, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- group.Run(stopping) }()
	clients := shop.InProcess(group.Handler())
	for { // until it takes requests
		if _, err = clients.Catalog.Report(ctx); !web.IsProblem(err, string(bailiwick.Unavailable)) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err == nil {
		err = work(ctx, group, clients)
	}
	stop()
	return errors.Join(err, <-ended, shop.Close(services))
}

// furnish lists one product and puts ten of it on the shelf.
func furnish(ctx context.Context, g *service.Group, c *shop.Clients) error {
	_, err := c.Catalog.Put(ctx, "85123A", catalogapi.Details{Description: "LANTERN", Kind: catalogapi.Goods, Price: 2550, Currency: "GBP"})
	if err == nil {
		err = g.Settle(ctx)
	}
	if err == nil {
		_, err = c.Inventory.Receive(ctx, "first", inventoryapi.Receipt{Reference: "first", Lines: []inventoryapi.Line{{Code: "85123A", Quantity: 10}}})
	}
	return err
}

func lanterns(n int64) orderapi.PlaceOrder {
	return orderapi.PlaceOrder{Reference: "by hand", Country: "France", Currency: "GBP", Lines: []orderapi.Line{{Code: "85123A", Quantity: n, UnitPrice: 2550}}}
}

func Example() {
	dir, err := os.MkdirTemp("", "shop")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	err = run(dir, func(ctx context.Context, g *service.Group, c *shop.Clients) error {
		if err := furnish(ctx, g, c); err != nil {
			return err
		}
		for range 2 {
			order, err := c.Order.PlaceOrder(ctx, "", 10*time.Second, lanterns(6))
			if err != nil {
				return err
			}
			fmt.Println(order.Status, order.Reason, order.Total)
		}
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// CONFIRMED  15300
	// REJECTED out-of-stock 15300
}

// TestOneOrderReachesEveryService: all seven have their part in one order, and its
// saga can be read.
func TestOneOrderReachesEveryService(t *testing.T) {
	err := run(t.TempDir(), func(ctx context.Context, g *service.Group, c *shop.Clients) error {
		if err := furnish(ctx, g, c); err != nil {
			return err
		}
		order, err := c.Order.PlaceOrder(ctx, "k", 10*time.Second, lanterns(4))
		if err != nil {
			return err
		}
		if err := g.Settle(ctx); err != nil {
			return err
		}
		status, err := c.Order.Saga(ctx, order.ID)
		if err != nil || status.State != saga.Completed {
			t.Errorf("saga: %+v, %v", status, err)
		}
		payment, err := c.Payment.Payment(ctx, order.ID)
		if err != nil || payment.Captured != 10200 || payment.Captures != 1 {
			t.Errorf("payment: %+v, %v", payment, err)
		}
		stock, err := c.Inventory.Stock(ctx, "85123A")
		if err != nil || stock.Available != 6 || stock.Sold != 4 {
			t.Errorf("stock: %+v, %v", stock, err)
		}
		delivery, err := c.Delivery.Delivery(ctx, order.ID)
		if err != nil || delivery.Items != 4 || delivery.Country != "France" {
			t.Errorf("delivery: %+v, %v", delivery, err)
		}
		notices, err := c.Notification.Document(ctx, order.ID)
		if err != nil || len(notices.Notices) != 1 || notices.Notices[0].Kind != "confirmation" {
			t.Errorf("notices: %+v, %v", notices, err)
		}
		list, err := c.Status(ctx)
		if err != nil {
			return err
		}
		var names []string
		for _, s := range list {
			names = append(names, s.Service)
		}
		if !slices.Equal(names, shop.Names()) {
			t.Errorf("status of %v, want %v", names, shop.Names())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDatabasesAreSevenFiles: no two services share a database, and each refuses
// that of another.
func TestDatabasesAreSevenFiles(t *testing.T) {
	dir := t.TempDir()
	if err := run(dir, func(context.Context, *service.Group, *shop.Clients) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, name := range shop.Names() {
		if _, err := os.Stat(filepath.Join(dir, name+".db")); err != nil {
			t.Error(err)
		}
	}
	if err := os.Rename(filepath.Join(dir, "payment.db"), filepath.Join(dir, "delivery.db")); err != nil {
		t.Fatal(err)
	}
	_, err := shop.Open(t.Context(), files(dir))
	if bailiwick.CodeOf(err) != bailiwick.WrongOwner {
		t.Errorf("delivery took over payment's database: %v", err)
	}
}

// TestLogsWaitForTheirFollowers: each log is held for just those who follow it, also
// before they have come.
func TestLogsWaitForTheirFollowers(t *testing.T) {
	services, err := shop.Open(t.Context(), files(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close(services)
	for _, producer := range services {
		var want, got []string
		for _, consumer := range services {
			if _, ok := consumer.Follows[producer.Name]; ok {
				want = append(want, consumer.Name)
			}
		}
		list, err := producer.DB.Log().Followers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			got = append(got, f.Name)
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s waits for %v, want %v", producer.Name, got, want)
		}
		produce := slices.Sorted(maps.Keys(producer.Follows))
		if names := slices.Sorted(slices.Values(shop.Producers(producer.Name))); !slices.Equal(names, produce) {
			t.Errorf("%s follows %v, said are %v", producer.Name, produce, names)
		}
	}
}

// TestOpenOne: a service opens alone, and one that does not exist is named.
func TestOpenOne(t *testing.T) {
	one, err := shop.OpenOne(t.Context(), "payment", files(t.TempDir()))
	if err != nil || one.Name != "payment" {
		t.Fatalf("%v, %v", one, err)
	}
	if err := one.DB.Close(); err != nil {
		t.Error(err)
	}
	if _, err := shop.OpenOne(t.Context(), "casino", files(t.TempDir())); bailiwick.CodeOf(err) != bailiwick.NotFound {
		t.Errorf("%v", err)
	}
}

// TestOpenClosesWhatItOpened: a failure half-way leaves no database locked.
func TestOpenClosesWhatItOpened(t *testing.T) {
	dir := t.TempDir()
	broken := errors.New("no room for the payments")
	_, err := shop.Open(t.Context(), func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		if name == "payment" {
			return nil, broken
		}
		return files(dir)(ctx, name, migrations)
	})
	if !errors.Is(err, broken) {
		t.Fatalf("%v", err)
	}
	services, err := shop.Open(t.Context(), files(dir))
	if err != nil {
		t.Fatal(err)
	}
	if err := shop.Close(services); err != nil {
		t.Error(err)
	}
}

// TestOverHTTP: the same shop, over sockets.
func TestOverHTTP(t *testing.T) {
	err := run(t.TempDir(), func(ctx context.Context, g *service.Group, _ *shop.Clients) error {
		server := &http.Server{Handler: g.Handler(), ReadHeaderTimeout: time.Second}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		sender := &http.Client{Transport: &http.Transport{}}
		c := shop.Connect("http://"+listener.Addr().String()+"/", sender)
		err = furnish(ctx, g, c)
		if err == nil {
			var order orderapi.Summary
			order, err = c.Order.PlaceOrder(ctx, "", 10*time.Second, lanterns(1))
			if err == nil && order.Status != orderapi.StatusConfirmed {
				t.Errorf("%+v", order)
			}
		}
		sender.CloseIdleConnections()
		err = errors.Join(err, server.Shutdown(ctx))
		<-served
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
