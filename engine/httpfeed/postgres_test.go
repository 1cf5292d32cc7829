package httpfeed_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

// balancer sends each request to the next of several servers.
type balancer struct {
	hosts []string
	next  atomic.Int64
}

func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Host = b.hosts[int(b.next.Add(1))%len(b.hosts)]
	return http.DefaultTransport.RoundTrip(r)
}

// Two processes own one database and serve its log; a balancer sends a follower's
// requests now to one, now to the other. One may know more than the other: that is
// no fork, and nothing is lost.
func TestTwoServersOfOneLog(t *testing.T) {
	url := server.Database(t)
	b := &balancer{}
	var dbs []*store.DB
	for range 2 {
		db, err := postgres.Open(t.Context(), url, postgres.Options{Owner: "order"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- db.Run(ctx) }()
		s := httptest.NewServer(httpfeed.Handler(db.Log(), httpfeed.ServerOptions{}))
		t.Cleanup(func() {
			s.Close()
			stop()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			db.Close()
		})
		dbs, b.hosts = append(dbs, db), append(b.hosts, strings.TrimPrefix(s.URL, "http://"))
	}
	feed, err := httpfeed.New(httpfeed.Options{URL: "http://" + b.hosts[0] + "/order/feed", Log: "order/outbox", Follower: "billing",
		Client: &http.Client{Transport: b}})
	if err != nil {
		t.Fatal(err)
	}
	c := consume(t, filepath.Join(t.TempDir(), "billing.db"), feed, 2)
	const total = 400
	for i := range total {
		err := dbs[i%2].Do(t.Context(), func(tx *store.Tx) error {
			return tx.Publish(bailiwick.Message{Key: fmt.Sprint("k", i%7), Type: "order.placed", Version: 1, Data: []byte("{}")})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "all effects", func() bool { n, last := c.effects(); return n == total && last == total })
	until(t, "one of both writes down how far", func() bool {
		list, err := dbs[0].Log().Followers(t.Context())
		return err == nil && len(list) == 1 && list[0].Position.Seq == total
	})
	if err := c.stop(); err != nil {
		t.Error(err)
	}
}
