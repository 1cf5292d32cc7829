package admin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/store"
)

func open(t testing.TB, owner string) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), owner+".db"), sqlite.Options{Owner: owner,
		Synchronous: sqlite.Off, Store: store.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// serve serves the admin handler on a socket.
func serve(t testing.TB, dbs ...*store.DB) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "bw") // t.TempDir can be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: admin.Handler(dbs...)}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return socket
}

// park has billing set three messages of a key aside for a person, and returns a
// group that still runs, with what makes its handler work.
func park(t testing.TB) (orders, billing *store.DB, repair func(), applied func() int) {
	t.Helper()
	orders, billing = open(t, "orders"), open(t, "billing")
	broken := make(chan struct{})
	done := make(chan int, 10)
	g, err := service.NewGroup(service.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))},
		&service.Service{Name: "orders", DB: orders},
		&service.Service{Name: "billing", DB: billing, Follows: map[string]follow.Handlers{"orders": {
			"placed": func(tx *store.Tx, m *bailiwick.Message) error {
				select {
				case <-broken:
					tx.AfterCommit(func() { done <- 1 })
					return nil
				default:
					return &bailiwick.Error{Code: bailiwick.Poison, Op: "bill", Err: errors.New("no price")}
				}
			}}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for range 3 {
		err := orders.Do(ctx, func(tx *store.Tx) error {
			return tx.Publish(bailiwick.Message{Type: "placed", Version: 1, Key: "c1", Data: []byte(`{}`)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	applied = func() (n int) {
		for {
			select {
			case <-done:
				n++
			case <-time.After(5 * time.Second):
				return n
			}
			if n == 2 {
				return n
			}
		}
	}
	return orders, billing, func() { close(broken) }, applied
}

func TestOperationsOnParkedKeys(t *testing.T) {
	ctx := context.Background()
	orders, billing, repair, applied := park(t)
	socket := serve(t, orders, billing)
	status, err := admin.Inspect(ctx, billing)
	if err != nil || len(status.Follows) != 1 || status.Follows[0].Parked != 1 {
		t.Fatalf("%+v %v", status, err)
	}
	keys, err := follow.List(ctx, billing)
	if err != nil || len(keys) != 1 || keys[0].Queued != 2 {
		t.Fatalf("%+v %v", keys, err)
	}

	discard := admin.Operation{Service: "billing", Action: admin.ParkedDiscard, Follower: "orders/outbox", Key: "c1", Message: bailiwick.ID{1}}
	if _, err := admin.Send(ctx, socket, discard); bailiwick.CodeOf(err) != bailiwick.Conflict {
		t.Errorf("discarding another message: %v", err)
	}
	repair()
	discard.Message = keys[0].ID
	if done, err := admin.Send(ctx, socket, discard); err != nil || !strings.Contains(done, keys[0].ID.String()) {
		t.Errorf("discard: %q %v", done, err)
	}
	if n := applied(); n != 2 {
		t.Errorf("%d messages went on, want the 2 behind it", n)
	}
	replay := admin.Operation{Service: "billing", Action: admin.ParkedReplay, Follower: "orders/outbox", Key: "c1"}
	if _, err := admin.Send(ctx, socket, replay); bailiwick.CodeOf(err) != bailiwick.NotFound || !strings.Contains(err.Error(), "not set aside") {
		t.Errorf("replaying what is not set aside: %v", err)
	}
}

func TestReplayAndDiscardAll(t *testing.T) {
	ctx := context.Background()
	_, billing, _, _ := park(t)
	key := admin.Operation{Service: "billing", Follower: "orders/outbox", Key: "c1"}
	key.Action = admin.ParkedReplay
	if _, err := key.Apply(ctx, billing); err != nil {
		t.Errorf("replay: %v", err)
	}
	key.Action = admin.ParkedDiscard
	if done, err := key.Apply(ctx, billing); err != nil || !strings.HasPrefix(done, "3 messages") {
		t.Errorf("discard all: %q %v", done, err)
	}
	if keys, err := follow.List(ctx, billing); err != nil || len(keys) != 0 {
		t.Errorf("%+v %v", keys, err)
	}
}

func TestRefusals(t *testing.T) {
	ctx := context.Background()
	db := open(t, "orders")
	socket := serve(t, db)
	for _, c := range []struct {
		o    admin.Operation
		code bailiwick.Code
	}{
		{admin.Operation{Service: "orders", Action: admin.SagaRetry, Saga: "s1"}, bailiwick.NotFound},
		{admin.Operation{Service: "orders", Action: admin.SagaResolve, Saga: "s1", As: saga.Completed, Reason: "by hand"}, bailiwick.NotFound},
		{admin.Operation{Service: "billing", Action: admin.SagaRetry, Saga: "s1"}, bailiwick.NotFound},
		{admin.Operation{Service: "orders", Action: "drop"}, bailiwick.Invalid},
	} {
		if done, err := admin.Send(ctx, socket, c.o); bailiwick.CodeOf(err) != c.code || done != "" {
			t.Errorf("%+v: %q %v, want %s", c.o, done, err, c.code)
		}
	}
	if _, err := admin.Send(ctx, socket+"x", admin.Operation{}); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("nobody there: %v", err)
	}
}

func ExampleInspect() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	err = db.Do(ctx, func(tx *store.Tx) error {
		return tx.Publish(bailiwick.Message{Type: "order.placed", Version: 1, Key: "1"})
	})
	if err != nil {
		fmt.Println(err)
	}
	status, err := admin.Inspect(ctx, db)
	fmt.Println(status.Service, status.Log.Head, status.Sagas[saga.Parked], err)
	// Output: order 1 0 <nil>
}

// The owner of the databases serves this on a unix socket; a command that is to
// change something sends it there.
func ExampleHandler() {
	dir, _ := os.MkdirTemp("", "bw")
	defer os.RemoveAll(dir)
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(dir, "order.db"), sqlite.Options{Owner: "order"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	socket := filepath.Join(dir, "admin.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := &http.Server{Handler: admin.Handler(db)}
	ended := make(chan error)
	go func() { ended <- server.Serve(listener) }()

	_, err = admin.Send(ctx, socket, admin.Operation{Service: "order", Action: admin.SagaRetry, Saga: "s-17"})
	fmt.Println(bailiwick.CodeOf(err), err)
	server.Close()
	<-ended
	// Output:
	// not_found saga: find s-17: there is no such saga (not_found): list the sagas of this database
}
