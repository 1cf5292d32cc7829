package upgrade_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
	"github.com/bailiwick/bailiwick/examples/shop/upgrade"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

var quiet = slog.New(slog.DiscardHandler)

// A program is one version of the shop: before the notification service's change,
// or after it. restored has it begin new incarnations of the logs of databases that
// were restored from dumps.
type program struct{ before, contract, restored bool }

var (
	before      = program{before: true}
	after       = program{}
	contracting = program{contract: true}
)

// open opens the shop's databases with a program. open is told whether to contract.
func (p program) open(ctx context.Context, open func(name string, migrations []store.Migration, contract bool) (*store.DB, error)) ([]*service.Service, error) {
	services, err := shop.Open(ctx, func(_ context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		if p.before && name == notification.Name {
			var err error
			if migrations, err = upgrade.MigrationsBefore(); err != nil {
				return nil, err
			}
		}
		return open(name, migrations, p.contract)
	})
	if err != nil || !p.before {
		return services, err
	}
	for i, s := range services {
		if s.Name == notification.Name {
			if services[i], err = upgrade.NotificationBefore(s.DB); err != nil {
				return nil, errors.Join(err, shop.Close(services))
			}
		}
	}
	return services, nil
}

func (p program) onFiles(ctx context.Context, dir string) ([]*service.Service, error) {
	return p.open(ctx, func(name string, migrations []store.Migration, contract bool) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations, Contract: contract,
			Synchronous: sqlite.Off, Store: store.Options{Logger: quiet}})
	})
}

// onServer opens the databases at urls, by the name of the service.
func (p program) onServer(ctx context.Context, urls map[string]string) ([]*service.Service, error) {
	return p.open(ctx, func(name string, migrations []store.Migration, contract bool) (*store.DB, error) {
		opts := postgres.Options{Owner: name, Migrations: migrations, Contract: contract, MaxConns: 5, Store: store.Options{Logger: quiet, SlowQuery: -1}}
		if p.restored {
			if _, err := postgres.Rebase(ctx, urls[name], opts); err != nil {
				return nil, err
			}
		}
		return postgres.Open(ctx, urls[name], opts)
	})
}

// instance is one running process of the shop, as far as its clients can tell.
type instance struct {
	group     *service.Group
	services  []*service.Service
	transport http.RoundTripper
	clients   *shop.Clients
	cancel    context.CancelFunc
	ended     chan error
}

// start runs services until stop.
func start(t testing.TB, services []*service.Service, drain time.Duration) *instance {
	t.Helper()
	group, err := service.NewGroup(service.Options{Logger: quiet, DrainTimeout: drain}, services...)
	if err != nil {
		t.Fatal(errors.Join(err, shop.Close(services)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	in := &instance{group: group, services: services, transport: web.Transport{Handler: group.Handler()}, cancel: cancel, ended: make(chan error, 1)}
	in.clients = shop.Connect("http://shop", &http.Client{Transport: in.transport})
	go func() { in.ended <- group.Run(ctx) }()
	t.Cleanup(func() { in.stop(t) })
	ready := web.Client{Base: "http://shop", HTTP: &http.Client{Transport: in.transport}}
	for ready.Do(ctx, http.MethodGet, "/healthz/ready", nil, nil, nil) != nil {
		select {
		case err := <-in.ended:
			in.ended <- err
			t.Fatalf("the shop did not start: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	return in
}

// stop drains, stops and closes it, once.
func (in *instance) stop(t testing.TB) {
	t.Helper()
	if in.cancel == nil {
		return
	}
	in.cancel()
	in.cancel = nil
	if err := errors.Join(<-in.ended, shop.Close(in.services)); err != nil {
		t.Errorf("the shop stopped with %v", err)
	}
}

// trade generates an input of the replay.
func trade(t testing.TB, seed uint64, invoices int) func() (io.ReadCloser, error) {
	t.Helper()
	var b bytes.Buffer
	if err := retail.Generate(&b, seed, invoices); err != nil {
		t.Fatal(err)
	}
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil }
}

// exact replays and fails unless everything agrees.
func exact(t testing.TB, opts replay.Options) *replay.Report {
	t.Helper()
	report, err := replay.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Exact {
		var b bytes.Buffer
		t.Errorf("the services do not agree (%v):\n%s", report.Print(&b), b.String())
	}
	return report
}

// addressed fails unless every notice is addressed to the customer of its document,
// and returns how many are addressed to somebody.
func addressed(t testing.TB, c *shop.Clients) (named int) {
	t.Helper()
	var notices []notificationapi.Notice // first: a document is there before its notices
	for page := (web.Page{Limit: web.MaxPage}); ; {
		list, err := c.Notification.Notices(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		notices = append(notices, list.Notices...)
		if len(list.Notices) < page.Limit {
			break
		}
		page.After = notices[len(notices)-1].ID
	}
	customers := map[string]string{}
	for page := (web.Page{Limit: web.MaxPage}); ; {
		list, err := c.Order.Documents(t.Context(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range list.Documents {
			customers[d.ID], page.After = d.Customer, d.ID
		}
		if len(list.Documents) < page.Limit {
			break
		}
	}
	wrong := 0
	for _, n := range notices {
		if n.Customer != "" {
			named++
		}
		if want := customers[n.Document]; n.Customer != want {
			wrong++
			t.Logf("%s is addressed to %q, want %q", n.ID, n.Customer, want)
		}
	}
	if wrong > 0 {
		t.Errorf("of %d notices %d are addressed to the wrong customer", len(notices), wrong)
	}
	return named
}
