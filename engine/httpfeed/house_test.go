package httpfeed_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const patience = 10 * time.Second

// producer is a service whose log is served over HTTP.
type producer struct {
	t      testing.TB
	path   string
	opts   store.Options
	db     *store.DB
	server *httptest.Server
	stop   func()
}

// produce opens a database and serves its log.
func produce(t testing.TB, opts store.Options, serve httpfeed.ServerOptions) *producer {
	t.Helper()
	p := &producer{t: t, path: filepath.Join(t.TempDir(), "order.db"), opts: opts}
	p.opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	p.open()
	p.serve(serve)
	t.Cleanup(func() { p.server.Close(); p.close() })
	return p
}

func (p *producer) open() {
	p.t.Helper()
	p.db = openAt(p.t, p.path, "order", p.opts)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.db.Run(ctx) }()
	p.stop = func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	}
}

func (p *producer) close() {
	p.stop()
	if err := p.db.Close(); err != nil {
		p.t.Error(err)
	}
}

func (p *producer) serve(opts httpfeed.ServerOptions) {
	p.server = httptest.NewServer(httpfeed.Handler(p.db.Log(), opts))
}

func openAt(t testing.TB, path, owner string, opts store.Options) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), path, sqlite.Options{Owner: owner, Synchronous: sqlite.Off, Store: opts,
		Migrations: []store.Migration{{Version: 1, Name: "effects", SQL: `CREATE TABLE effect (seq INTEGER PRIMARY KEY, key TEXT NOT NULL)`}}})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// publish writes n messages, whose keys go round among seven.
func (p *producer) publish(n int, kind string) {
	p.t.Helper()
	p.publishData(n, kind, []byte(`{"total": 12.50, "note":"grün"}`))
}

func (p *producer) publishData(n int, kind string, data []byte) {
	p.t.Helper()
	err := p.db.Do(context.Background(), func(tx *store.Tx) error {
		for i := range n {
			if err := tx.Publish(bailiwick.Message{Key: fmt.Sprint("k", i%7), Type: kind, Version: 1, Data: data}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *producer) url() string { return p.server.URL + "/order/feed" }

// follow returns the log as a follower reads it.
func (p *producer) follow(change ...func(*httpfeed.Options)) *httpfeed.Feed {
	p.t.Helper()
	opts := httpfeed.Options{URL: p.url(), Log: "order/outbox", Follower: "billing", Wait: patience}
	for _, f := range change {
		f(&opts)
	}
	feed, err := httpfeed.New(opts)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { feed.Close() })
	return feed
}

// get makes one request and returns the answer with its whole body.
func (p *producer) get(query string) (*http.Response, string) {
	p.t.Helper()
	response, err := http.Get(p.url() + query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response, string(body)
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("not in time: " + what)
		}
	}
}

// untilBusy returns once as many polls wait as may.
func (p *producer) untilBusy() {
	p.t.Helper()
	until(p.t, "a poll is refused", func() bool {
		state, err := p.db.Log().State(context.Background())
		if err != nil {
			p.t.Fatal(err)
		}
		response, body := p.get(fmt.Sprintf("?timeout=1&lastEventId=%d.%d", state.Epoch, state.Head))
		return response.StatusCode == http.StatusTooManyRequests && response.Header.Get("Retry-After") != "" && strings.Contains(body, `"unavailable"`)
	})
}

func at(seq int64) bailiwick.Position { return bailiwick.Position{Epoch: 1, Seq: seq} }
