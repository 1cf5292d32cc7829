package order_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/order"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// onEach runs a test on a shop whose orders lie in SQLite, and on one where they
// lie in PostgreSQL if there is a server.
func onEach(t *testing.T, test func(t *testing.T, s *shop)) {
	t.Run("sqlite", func(t *testing.T) { test(t, openShop(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, openShopAt(t, server.Database(t))) })
}

// shop is the order service on a database of its own, among six stand-ins that
// answer from the logs of scratch databases.
type shop struct {
	t     testing.TB
	dir   string
	url   string // of the orders in PostgreSQL; "" means a file in dir
	clock *patience
	cast  *cast

	services []*service.Service // orders is the first
	group    *service.Group
	client   orderapi.Client
	close    func()
}

// openShop starts a shop that knows the products MUG, mug (goods) and POST (a fee),
// and the customers ada and bob.
func openShop(t testing.TB) *shop { return openShopAt(t, "") }

func openShopAt(t testing.TB, url string) *shop {
	s := &shop{t: t, dir: t.TempDir(), url: url, clock: &patience{asked: make(chan struct{}, 8), over: make(chan time.Time)}, cast: newCast()}
	s.start()
	t.Cleanup(func() { s.close() })
	catalog, users := s.scratch("catalog"), s.scratch("user")
	for code, kind := range map[string]string{"MUG": catalogapi.Goods, "mug": catalogapi.Goods, "POST": catalogapi.Fee} {
		s.publish(catalog, catalogapi.ProductListed, code, catalogapi.Listed{Code: code, Kind: kind, Price: 1000, Currency: "GBP"})
	}
	for _, id := range []string{"ada", "bob"} {
		s.publish(users, userapi.UserRegistered, id, userapi.Registered{ID: id, Country: "France", Currency: "GBP"})
	}
	s.settle()
	return s
}

// start opens the databases and runs everything, as a process does.
func (s *shop) start() {
	migrations, err := order.Migrations()
	must(s.t, err)
	orders, err := order.New(s.open("order", migrations))
	must(s.t, err)
	s.client.Client = calls(orders)
	s.services = []*service.Service{orders}
	for _, name := range []string{"catalog", "user", "inventory", "payment", "delivery", "notification"} {
		stand := &service.Service{Name: name, DB: s.open(name, nil)}
		if h := s.cast.handlers(name); len(h) > 0 {
			stand.Follows = map[string]follow.Handlers{"order": h}
		}
		s.services = append(s.services, stand)
	}
	s.group, err = service.NewGroup(service.Options{Logger: quiet(), DrainTimeout: time.Millisecond}, s.services...)
	must(s.t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.group.Run(ctx) }()
	s.close = func() {
		s.cast.letGo()
		stop()
		must(s.t, <-ended)
		for _, one := range s.services {
			must(s.t, one.DB.Close())
		}
	}
}

// calls is a client of a service in this process.
func calls(orders *service.Service) web.Client {
	return web.Client{Base: "http://order", HTTP: &http.Client{Transport: web.Transport{Handler: orders.API}}}
}

func (s *shop) open(name string, migrations []store.Migration) *store.DB {
	if name == "order" && s.url != "" {
		db, err := postgres.Open(context.Background(), s.url, postgres.Options{
			Owner: name, Migrations: migrations, Store: store.Options{Clock: s.clock, Logger: quiet()}})
		must(s.t, err)
		return db
	}
	db, err := sqlite.Open(context.Background(), filepath.Join(s.dir, name+".db"), sqlite.Options{
		Owner: name, Migrations: migrations, Synchronous: sqlite.Off, Store: store.Options{Clock: s.clock, Logger: quiet()}})
	must(s.t, err)
	return db
}

// restart ends the shop as it stands and starts it again on the same files.
func (s *shop) restart() {
	s.close()
	s.start()
}

// scratch returns the database of a stand-in.
func (s *shop) scratch(name string) *store.DB {
	s.t.Helper()
	for _, one := range s.services {
		if one.Name == name {
			return one.DB
		}
	}
	s.t.Fatal("no stand-in is called " + name)
	return nil
}

func (s *shop) publish(db *store.DB, typ, key string, data any) {
	s.t.Helper()
	must(s.t, db.Do(s.t.Context(), func(tx *store.Tx) error { return outbox.Publish(tx, typ, 1, key, data) }))
}

func (s *shop) settle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	must(s.t, s.group.Settle(ctx))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// sold places an order for ada that is confirmed.
func (s *shop) sold(customer string, lines ...orderapi.Line) orderapi.Summary {
	s.t.Helper()
	got := s.place(customer, lines...)
	if got.Status != orderapi.StatusConfirmed {
		s.t.Fatalf("the order is %s %s", got.Status, got.Reason)
	}
	return got
}

// place places an order, lets everything come to rest, and returns it then.
func (s *shop) place(customer string, lines ...orderapi.Line) orderapi.Summary {
	s.t.Helper()
	got, err := s.client.PlaceOrder(s.t.Context(), "", 0, placed(customer, lines...))
	must(s.t, err)
	s.settle()
	d, err := s.client.Order(s.t.Context(), got.ID)
	must(s.t, err)
	return d.Summary
}

// lodge brings lines back, lets everything come to rest, and returns the return.
func (s *shop) lodge(customer string, lines ...orderapi.Line) orderapi.Document {
	s.t.Helper()
	got, err := s.client.LodgeReturn(s.t.Context(), "", 0, orderapi.LodgeReturn(placed(customer, lines...)))
	must(s.t, err)
	s.settle()
	d, err := s.client.Return(s.t.Context(), got.ID)
	must(s.t, err)
	return d
}

func placed(customer string, lines ...orderapi.Line) orderapi.PlaceOrder {
	return orderapi.PlaceOrder{Reference: "536365", Customer: customer, Country: "France", Currency: "GBP", Date: "2010-12-01T08:26:00Z", Lines: lines}
}

func line(code string, quantity, price int64) orderapi.Line {
	return orderapi.Line{Code: code, Quantity: quantity, UnitPrice: price}
}

// log returns a saga's log as "step op outcome" lines.
func (s *shop) log(id string) []string {
	s.t.Helper()
	status, err := s.client.Saga(s.t.Context(), id)
	must(s.t, err)
	var log []string
	for _, e := range status.Log {
		log = append(log, e.Step+" "+e.Op+" "+e.Outcome)
	}
	return log
}

// patience is the system's clock, but for waits of a request: those last until the
// test says that they are over.
type patience struct {
	bailiwick.SystemClock
	asked chan struct{}
	over  chan time.Time
}

// held is the wait that only a test ends; nothing else in the shop waits so long.
const held = 37 * time.Second

func (p *patience) After(d time.Duration) <-chan time.Time {
	if d != held {
		return p.SystemClock.After(d)
	}
	p.asked <- struct{}{}
	return p.over
}
