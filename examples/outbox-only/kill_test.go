package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/store"
)

// kills is how often the shop is killed, each time in the middle of sales.
const kills = 8

// The shop's process is killed again and again while it sells and another service
// follows its feed. In the end that service has each sale that was committed, once.
func TestKilledWhileSelling(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "shop")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	onBoth(t, func(t *testing.T, url string) {
		shop, log, err := open(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer shop.pool.Close()
		if err := shop.Receive(t.Context(), "mug", 1_000_000); err != nil {
			t.Fatal(err)
		}
		if err := log.Close(); err != nil { // the process below keeps it
			t.Fatal(err)
		}
		addr := freeAddress(t)
		warehouse := following(t, addr)
		var number atomic.Int64
		for range kills {
			process := start(t, binary, url, addr)
			var sold atomic.Int64
			ctx, stop := context.WithCancel(t.Context())
			var sellers sync.WaitGroup
			for range 8 {
				sellers.Go(func() {
					for ctx.Err() == nil {
						if sell(ctx, addr, number.Add(1)) {
							sold.Add(1)
						}
					}
				})
			}
			// Killed once some are sold, with eight more under way.
			eventually(t, "sales", func() bool { return sold.Load() >= 20 })
			process.kill(t)
			stop()
			sellers.Wait()
		}
		last := start(t, binary, url, addr)
		defer last.kill(t)

		want := sales(t, shop.pool)
		if len(want) < 20*kills {
			t.Fatalf("only %d were sold", len(want))
		}
		eventually(t, "the warehouse to have them all", func() bool { return len(received(t, warehouse)) >= len(want) })
		got := received(t, warehouse)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("sold were %d\n%v\nthe warehouse has %d\n%v", len(want), want, len(got), got)
		}
	})
}

// following runs another service, with a database of its own, that writes down each
// sale it hears of. There is no key: one that takes effect twice is there twice.
func following(t *testing.T, addr string) *store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "warehouse.db"), sqlite.Options{Owner: "warehouse",
		Migrations: []store.Migration{{Version: 1, Name: "sales", SQL: `CREATE TABLE sale (id TEXT NOT NULL)`}}})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := httpfeed.New(httpfeed.Options{URL: "http://" + addr + "/feed", Log: "shop/outbox", Follower: "warehouse", Types: []string{"item.sold"}})
	if err != nil {
		t.Fatal(err)
	}
	follower := &follow.Follower{DB: db, Source: feed, Retry: follow.Retry{Max: 50 * time.Millisecond}, Handlers: follow.Handlers{
		"item.sold": inbox.Handle(1, func(tx *store.Tx, _ *bailiwick.Message, sold Sold) error {
			_, err := tx.SQL().Exec(`INSERT INTO sale (id) VALUES (?)`, sold.ID)
			return err
		}),
	}}
	ctx, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- follower.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("the warehouse: %v", err)
		}
		db.Close()
	})
	return db
}

func received(t *testing.T, db *store.DB) (ids []string) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		ids = nil
		rows, err := tx.SQL().Query(`SELECT id FROM sale ORDER BY id`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// sell asks for one mug, and reports whether it was told that it is sold.
func sell(ctx context.Context, addr string, n int64) bool {
	body, _ := json.Marshal(Sold{ID: fmt.Sprintf("%06d", n), SKU: "mug", Pieces: 1}) // cannot fail: plain fields
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+addr+"/sales", bytes.NewReader(body))
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false // it was killed: nobody knows
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusCreated
}

// process is the shop in a process of its own.
type process struct {
	cmd  *exec.Cmd
	dead bool
}

// start returns once the shop listens.
func start(t *testing.T, binary, url, addr string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(binary, "-db", url, "-addr", addr)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.kill(t) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "sell at ") {
		t.Fatalf("the shop said %q, %v", line, err)
	}
	return p
}

// kill is kill -9.
func (p *process) kill(t *testing.T) {
	if p.dead {
		return
	}
	p.dead = true
	if err := p.cmd.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = p.cmd.Wait() // it was killed, and says so
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// eventually waits for what another process does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
