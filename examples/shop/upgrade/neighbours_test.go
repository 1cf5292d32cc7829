package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/front"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// neighbours are the six services of the shop that are not replaced, in this process,
// and the address under which the shop is found with whichever processes of the
// seventh run.
type neighbours struct {
	seventh  string
	services []*service.Service
	front    *front.Front
	inside   *httptest.Server // where services find each other
	clients  *shop.Clients

	asking   sync.RWMutex // held by those who ask the seventh
	answered atomic.Int64 // requests to it
	away     atomic.Bool  // it is, or was killed at its work: requests may fail
	mu       sync.Mutex
	failures []string
}

// newNeighbours runs them, on SQLite, until the test ends.
func newNeighbours(t testing.TB, seventh string) *neighbours {
	t.Helper()
	n := &neighbours{seventh: seventh, front: front.New(front.Options{Logger: quiet}, shop.Names()...)}
	t.Cleanup(n.front.Close)
	n.inside = httptest.NewServer(n.front.Inside())
	t.Cleanup(func() { n.inside.CloseClientConnections(); n.inside.Close() })

	dir := t.TempDir()
	for _, name := range shop.Names() {
		if name == seventh {
			continue
		}
		one, err := shop.OpenOne(t.Context(), name, func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
			return sqlite.Open(ctx, filepath.Join(dir, name+".db"), sqlite.Options{Owner: name, Migrations: migrations, Synchronous: sqlite.Off, Store: store.Options{Logger: quiet}})
		})
		if err != nil {
			t.Fatal(errors.Join(err, shop.Close(n.services)))
		}
		n.services = append(n.services, one)
	}
	six := start(t, n.services, service.Options{
		Feed:    func(log *store.Log) http.Handler { return httpfeed.Handler(log, httpfeed.ServerOptions{}) },
		Sources: n.source,
	})
	server := httptest.NewServer(six.group.Handler())
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	for _, s := range n.services {
		if err := n.front.Set(s.Name, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	n.clients = shop.Connect("http://shop", &http.Client{Transport: n})
	return n
}

// source returns the log of the seventh as its processes serve it, and those of the
// others as they are.
func (n *neighbours) source(ctx context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
	if producer == n.seventh {
		return httpfeed.New(httpfeed.Options{URL: n.inside.URL + "/" + producer + "/feed", Log: store.LogName(producer), Follower: consumer.Name, Types: types})
	}
	return n.service(producer).DB.Log().Feed(ctx, store.Subscriber{Name: consumer.Name, Types: types})
}

// set says where the seventh is from now on, and returns once requests that went
// where it was have been answered.
func (n *neighbours) set(t testing.TB, bases ...string) {
	t.Helper()
	if err := n.front.Set(n.seventh, bases...); err != nil {
		t.Fatal(err)
	}
	n.asking.Lock()
	defer n.asking.Unlock()
}

// RoundTrip sends a request of a client of the shop, and notes which of those to the
// seventh fail.
func (n *neighbours) RoundTrip(r *http.Request) (*http.Response, error) {
	shop := web.Transport{Handler: n.front.Handler()}
	if !strings.HasPrefix(r.URL.Path, "/"+n.seventh+"/") {
		return shop.RoundTrip(r)
	}
	n.asking.RLock()
	defer n.asking.RUnlock()
	answer, err := shop.RoundTrip(r)
	n.answered.Add(1)
	if r.Context().Err() == nil && err == nil && answer.StatusCode >= 500 && !n.away.Load() { // else whoever asked has gone
		n.mu.Lock()
		defer n.mu.Unlock()
		n.failures = append(n.failures, fmt.Sprint(r.URL.Path, ": ", answer.Status))
	}
	return answer, err
}

// service returns the service of a name.
func (n *neighbours) service(name string) *service.Service {
	return n.services[slices.IndexFunc(n.services, func(s *service.Service) bool { return s.Name == name })]
}

// settle returns once nothing moves in the shop any more.
func (n *neighbours) settle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := settle.Everywhere(ctx, n.front.Status); err != nil {
		t.Fatal(err)
	}
}
