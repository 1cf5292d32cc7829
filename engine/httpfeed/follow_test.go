package httpfeed_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// consumer follows a feed with lanes and writes down the seq of each message that
// takes effect: a primary key, so that none can take effect twice.
type consumer struct {
	t    testing.TB
	path string
	db   *store.DB
	stop func() error
}

func consume(t testing.TB, path string, source follow.Source, lanes int) *consumer {
	t.Helper()
	c := &consumer{t: t, path: path, db: openAt(t, path, "billing", store.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})}
	f := &follow.Follower{DB: c.db, Source: source, Lanes: lanes, Handlers: follow.Handlers{"order.placed": effect}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 2)
	go func() { ended <- f.Run(ctx) }()
	go func() { ended <- c.db.Run(ctx) }()
	c.stop = func() error {
		cancel()
		err := <-ended
		if second := <-ended; err == nil {
			err = second
		}
		if closed := c.db.Close(); err == nil {
			err = closed
		}
		c.stop = func() error { return err }
		return err
	}
	t.Cleanup(func() { _ = c.stop() })
	return c
}

// effect refuses what would break the order of a key.
func effect(tx *store.Tx, m *bailiwick.Message) error {
	var last int64
	if err := tx.SQL().QueryRow(`SELECT coalesce(max(seq), 0) FROM effect WHERE key = ?`, m.Key).Scan(&last); err != nil {
		return err
	}
	if last >= m.Seq {
		return fmt.Errorf("%d of %s comes after %d", m.Seq, m.Key, last)
	}
	_, err := tx.SQL().Exec(`INSERT INTO effect (seq, key) VALUES (?, ?)`, m.Seq, m.Key)
	return err
}

func (c *consumer) effects() (n, last int64) {
	c.t.Helper()
	err := c.db.Read(context.Background(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT count(*), coalesce(max(seq), 0) FROM effect`).Scan(&n, &last)
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return n, last
}

// acknowledged is how far the log knows that a follower has committed.
func (p *producer) acknowledged(name string) int64 {
	p.t.Helper()
	if err := p.db.Log().Trim(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	list, err := p.db.Log().Followers(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, f := range list {
		if f.Name == name {
			return f.Position.Seq
		}
	}
	return -1
}

// Over connections that are cut, stall or crawl, every message takes effect once,
// in the order of its key; and the log learns what it may forget.
func TestBadNetwork(t *testing.T) {
	for _, lanes := range []int{1, 4} {
		t.Run(fmt.Sprint(lanes, " lanes"), func(t *testing.T) {
			p := produce(t, store.Options{}, httpfeed.ServerOptions{Batch: 100})
			network := newProxy(t, p.server.Listener.Addr().String(), bad(uint64(lanes)))
			feed := p.follow(func(o *httpfeed.Options) { o.URL, o.Patience = network.url(), 50*time.Millisecond })
			c := consume(t, filepath.Join(t.TempDir(), "billing.db"), feed, lanes)
			const total = 3000
			for range 10 {
				p.publish(total/10, "order.placed")
			}
			until(t, "all effects", func() bool { n, _ := c.effects(); return n == total })
			until(t, "the log knows", func() bool { return p.acknowledged("billing") == total })
			if err := c.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A proxy that sends each request twice, as one does after a lost answer, changes
// nothing.
func TestRepeatedRequests(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{Batch: 50})
	twice := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var last []byte
		for range 2 {
			again, err := http.NewRequestWithContext(r.Context(), r.Method, p.server.URL+r.URL.RequestURI(), nil)
			if err != nil {
				t.Error(err)
				return
			}
			response, err := http.DefaultClient.Do(again)
			if err != nil {
				return // the reader has gone
			}
			last, _ = io.ReadAll(response.Body)
			response.Body.Close()
			for name, values := range response.Header {
				w.Header()[name] = values
			}
			w.Header().Set("Content-Length", fmt.Sprint(len(last)))
		}
		_, _ = w.Write(last)
	}))
	t.Cleanup(twice.Close)
	feed := p.follow(func(o *httpfeed.Options) { o.URL, o.Wait = twice.URL+"/order/feed", 20*time.Millisecond })
	c := consume(t, filepath.Join(t.TempDir(), "billing.db"), feed, 3)
	for range 5 {
		p.publish(200, "order.placed")
	}
	until(t, "all effects", func() bool { n, _ := c.effects(); return n == 1000 })
}

// The producer's process ends and starts again while a follower is at work.
func TestServerRestarts(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{Batch: 20})
	network := newProxy(t, p.server.Listener.Addr().String(), nil)
	feed := p.follow(func(o *httpfeed.Options) { o.URL = network.url() })
	c := consume(t, filepath.Join(t.TempDir(), "billing.db"), feed, 2)
	for round := int64(1); round <= 3; round++ {
		p.publish(500, "order.placed")
		until(t, "it is at work", func() bool { n, _ := c.effects(); return n > 500*(round-1) })
		p.restart()
		target := p.server.Listener.Addr().String()
		network.target.Store(&target)
	}
	until(t, "all effects", func() bool { n, _ := c.effects(); return n == 1500 })
	if err := c.stop(); err != nil {
		t.Error(err)
	}
}

// restart ends the process, as far as a test can, and starts it at another port.
func (p *producer) restart() {
	p.t.Helper()
	p.server.CloseClientConnections()
	p.server.Close()
	p.close()
	p.open()
	p.serve(httpfeed.ServerOptions{})
}

// childEnv tells the process that it is the one that TestKilledFollower kills, and
// what it follows into which database.
const childEnv = "BAILIWICK_TEST_FOLLOW"

// followUntilKilled is what that process does.
func followUntilKilled(t *testing.T, address, path string) {
	feed, err := httpfeed.New(httpfeed.Options{URL: address, Log: "order/outbox", Follower: "billing"})
	if err != nil {
		t.Fatal(err)
	}
	consume(t, path, feed, 2)
	fmt.Println("following")
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent has gone
}

// A follower that is killed again and again goes on where its database says.
func TestKilledFollower(t *testing.T) {
	if address, path, ok := strings.Cut(os.Getenv(childEnv), " "); ok {
		followUntilKilled(t, address, path)
		return
	}
	p := produce(t, store.Options{}, httpfeed.ServerOptions{Batch: 30})
	path := filepath.Join(t.TempDir(), "billing.db")
	const rounds, each = 4, 400
	for range rounds {
		child := exec.Command(os.Args[0], "-test.run=^TestKilledFollower$")
		child.Env = append(os.Environ(), childEnv+"="+p.url()+" "+path)
		stdin, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		p.publish(each, "order.placed")
		before := p.acknowledged("billing")
		until(t, "it has committed something", func() bool { return p.acknowledged("billing") > before })
		p.publish(each, "order.placed")
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait() // it was killed
		stdin.Close()
	}
	c := consume(t, path, p.follow(), 2)
	until(t, "all effects", func() bool { n, last := c.effects(); return n == 2*rounds*each && last == n })
}
