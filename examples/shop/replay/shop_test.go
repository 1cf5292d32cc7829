package replay_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// running is a shop at work in a directory.
type running struct {
	clients   *shop.Clients
	transport http.RoundTripper // what the clients send by
	stop      func()            // returns when it has drained, stopped and closed
}

func start(t testing.TB, dir string) *running {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	services, err := shop.Open(context.Background(), func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations, Synchronous: sqlite.Off,
			Store: store.Options{Logger: quiet}})
	})
	if err != nil {
		t.Fatal(err)
	}
	group, err := service.NewGroup(service.Options{Logger: quiet}, services...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- group.Run(ctx) }()
	stopped := false
	handler := group.Handler()
	r := &running{clients: shop.InProcess(handler), transport: web.Transport{Handler: handler}, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the shop stopped with %v", err)
		}
		if err := shop.Close(services); err != nil {
			t.Errorf("the shop closed with %v", err)
		}
	}}
	t.Cleanup(r.stop)
	ready := web.Client{Base: "http://shop", HTTP: &http.Client{Transport: r.transport}}
	for ready.Do(context.Background(), http.MethodGet, "/healthz/ready", nil, nil, nil) != nil {
		select {
		case err := <-ended:
			t.Fatalf("the shop did not start: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	return r
}

// file generates an input.
func file(t testing.TB, seed uint64, invoices int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := retail.Generate(&b, seed, invoices); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func opener(text []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
}

func print(t testing.TB, r *replay.Report) {
	t.Helper()
	var b bytes.Buffer
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + b.String())
}
