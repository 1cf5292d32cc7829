package upgrade_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
)

// On SQLite one process owns a database: the old program is stopped and the new one
// started. Until the contract there is a way back, and nothing is lost on it.
func TestThereAndBackOnSQLite(t *testing.T) {
	dir := t.TempDir()
	opts := replay.Options{Open: trade(t, 5, 240), Parallel: 8}
	run := func(p program, work func(in *instance)) {
		t.Helper()
		services, err := p.onFiles(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		in := start(t, services, 10*time.Second)
		work(in)
		in.stop(t)
		if t.Failed() {
			t.FailNow()
		}
	}
	for n, p := range []program{before, after, before, after} {
		run(p, func(in *instance) {
			interrupted(t, opts, in, int64(n+1)*50)
			if err := in.group.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			if addressed(t, in.clients) == 0 {
				t.Error("no notice is addressed to anybody")
			}
		})
	}
	run(contracting, func(in *instance) {
		addressed(t, in.clients)
		opts.Clients = in.clients
		if r := exact(t, opts); r.Run.Repeated == 0 || r.Run.Repeated == r.Run.Documents {
			t.Errorf("%d of %d documents were there: the programs before had their share or this one none", r.Run.Repeated, r.Run.Documents)
		}
		addressed(t, in.clients)
	})
	if _, err := before.onFiles(t.Context(), dir); bailiwick.CodeOf(err) != bailiwick.SchemaNewer {
		t.Errorf("the old program opened the contracted schema: %v", err)
	}
	run(after, func(in *instance) { addressed(t, in.clients) })
}

// interrupted replays until so many documents were answered: what was only sent may
// have been withdrawn.
func interrupted(t *testing.T, opts replay.Options, in *instance, documents int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := &counter{transport: in.transport, limit: documents, full: cancel}
	opts.Clients = shop.Connect("http://shop", &http.Client{Transport: answered})
	if _, err := replay.Run(ctx, opts); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("the replay was not interrupted: %v", err)
	}
}

// counter calls full once so many documents were answered.
type counter struct {
	transport http.RoundTripper
	answered  atomic.Int64
	limit     int64
	full      func()
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.transport.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/order/") && c.answered.Add(1) == c.limit {
		c.full()
	}
	return response, err
}
