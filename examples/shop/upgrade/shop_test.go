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
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	if name := os.Getenv(programVariable); name != "" {
		os.Exit(runProgram(name))
	}
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

// opening is how today's program opens the shop's databases: contract contracts their
// schemas, restored begins new incarnations of the logs of databases that were
// restored from dumps.
type opening struct{ contract, restored bool }

func (o opening) onFiles(ctx context.Context, dir string) ([]*service.Service, error) {
	return shop.Open(ctx, func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations, Contract: o.contract,
			Synchronous: sqlite.Off, Store: store.Options{Logger: quiet}})
	})
}

// onServer opens the databases at urls, by the name of the service.
func (o opening) onServer(ctx context.Context, urls map[string]string) ([]*service.Service, error) {
	return shop.Open(ctx, func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		opts := postgres.Options{Owner: name, Migrations: migrations, Contract: o.contract, MaxConns: 5, Store: store.Options{Logger: quiet, SlowQuery: -1}}
		if o.restored {
			if _, err := postgres.Rebase(ctx, urls[name], opts); err != nil {
				return nil, err
			}
		}
		return postgres.Open(ctx, urls[name], opts)
	})
}

// instance is a group of services of the shop that runs in this process.
type instance struct {
	group    *service.Group
	services []*service.Service
	clients  *shop.Clients
	cancel   context.CancelFunc
	ended    chan error
}

// start runs services until stop.
func start(t testing.TB, services []*service.Service, opts service.Options) *instance {
	t.Helper()
	opts.Logger = quiet
	group, err := service.NewGroup(opts, services...)
	if err != nil {
		t.Fatal(errors.Join(err, shop.Close(services)))
	}
	ctx, cancel := context.WithCancel(context.Background())
	in := &instance{group: group, services: services, clients: shop.InProcess(group.Handler()), cancel: cancel, ended: make(chan error, 1)}
	go func() { in.ended <- group.Run(ctx) }()
	t.Cleanup(func() { in.stop(t) })
	ready := web.Client{Base: "http://shop", HTTP: &http.Client{Transport: web.Transport{Handler: group.Handler()}}}
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
