package main_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
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

var quiet = store.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}

func open(t *testing.T, dir, owner string) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(dir, owner+".db"), sqlite.Options{Owner: owner, Synchronous: sqlite.Off, Store: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// troubled makes a directory of two databases, orders and billing. Two sagas of
// orders are parked, s1 and s2, and billing has three messages of key c1 set aside.
// Nobody runs them.
func troubled(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	orders, billing := open(t, dir, "orders"), open(t, dir, "billing")
	defer orders.Close()
	defer billing.Close()
	orchestrator := saga.New(orders, saga.Options{Tick: time.Millisecond, Logger: quiet.Logger})
	type state struct{}
	checkout, err := saga.Register(orchestrator, saga.Definition[state]{Name: "checkout", Steps: []saga.Step[state]{{
		Name: "charge", Command: "nobody.charge", Pivot: true, Timeout: time.Millisecond, Attempts: 1,
		Request: func(*store.Tx, *state) (any, error) { return state{}, nil },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	poison := func(*store.Tx, *bailiwick.Message) error {
		return &bailiwick.Error{Code: bailiwick.Poison, Op: "bill", Err: errors.New("no price")}
	}
	g, err := service.NewGroup(service.Options{Logger: quiet.Logger},
		&service.Service{Name: "orders", DB: orders, Parts: []service.Part{orchestrator}},
		&service.Service{Name: "billing", DB: billing, Follows: map[string]follow.Handlers{"orders": {"placed": poison}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- g.Run(ctx) }()
	err = orders.Do(ctx, func(tx *store.Tx) error {
		for range 3 {
			if err := tx.Publish(bailiwick.Message{Type: "placed", Version: 1, Key: "c1", Data: []byte(`{"total":7}`)}); err != nil {
				return err
			}
		}
		return errors.Join(checkout.Start(tx, "s1", "k", &state{}), checkout.Start(tx, "s2", "k", &state{}))
	})
	if err == nil {
		err = g.Settle(ctx)
	}
	stop()
	if err = errors.Join(err, <-ended); err != nil {
		t.Fatal(err)
	}
	return dir
}

// own opens billing and orders as their running owner; with an admin socket, if
// that is wanted.
func own(t *testing.T, dir string, socket bool) {
	t.Helper()
	dbs := []*store.DB{open(t, dir, "orders"), open(t, dir, "billing")}
	t.Cleanup(func() { dbs[0].Close(); dbs[1].Close() })
	if !socket {
		return
	}
	place, err := os.MkdirTemp("", "bw")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(place) })
	listener, err := net.Listen("unix", filepath.Join(place, "s"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: admin.Handler(dbs...)}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	for _, owner := range []string{"orders", "billing"} {
		if err := sqlite.Announce(filepath.Join(dir, owner+".db"), listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
}

type sagaRow struct {
	Service, ID, Name, State, Reason string
	Log                              []struct{ Step, Op, Outcome string }
}

func TestLookingIsTheSameLiveAndAtRest(t *testing.T) {
	dir := troubled(t)
	look := func(t *testing.T) {
		var list []sagaRow
		call(t, "saga", "list", "--data", dir, "--state", "parked", "--json").expect(t, 0).into(t, &list)
		if len(list) != 2 || list[0].Service != "orders" || list[0].Name != "checkout" || list[0].State != "parked" || list[0].Reason == "" {
			t.Errorf("%+v", list)
		}
		call(t, "saga", "list", "--data", dir, "--state", "running", "--json").expect(t, 0).into(t, &list)
		if list == nil || len(list) != 0 {
			t.Errorf("no running sagas are [], not %+v", list)
		}
		call(t, "saga", "list", "--data", dir).expect(t, 0, "SERVICE", "s1", "checkout", "parked", "charge")
		var one sagaRow
		call(t, "saga", "show", "s1", "--db", "sqlite:"+dir+"/orders.db", "--json").expect(t, 0).into(t, &one)
		if one.ID != "s1" || len(one.Log) != 1 || one.Log[0].Step != "charge" {
			t.Errorf("%+v", one)
		}
		call(t, "saga", "show", "s1", "--data", dir).expect(t, 0, "STEP", "ATTEMPTS", "charge")
		call(t, "saga", "show", "s9", "--data", dir).expect(t, 5, "s9")

		var keys []struct {
			Service, Follower, Key, State, Error string
			Queued                               int
		}
		call(t, "parked", "list", "--data", dir, "--json").expect(t, 0).into(t, &keys)
		if len(keys) != 1 || keys[0].Service != "billing" || keys[0].Follower != "orders/outbox" || keys[0].Key != "c1" || keys[0].Queued != 2 {
			t.Errorf("%+v", keys)
		}
		call(t, "parked", "list", "--data", dir).expect(t, 0, "BEHIND IT", "no price")
		call(t, "parked", "show", "orders/outbox", "c1", "--data", dir).expect(t, 0, `{"total":7}`, "no price", "queued")
		call(t, "parked", "show", "orders/outbox", "c2", "--data", dir).expect(t, 5)
		call(t, "parked", "list", "--data", dir, "--service", "shipping").expect(t, 5, "billing, orders")

		var status []struct {
			Service string
			Log     struct {
				Head      int64
				Followers []struct {
					Name string
					Lag  int64
				}
			}
			Sagas map[string]int
		}
		call(t, "outbox", "status", "--data", dir, "--json").expect(t, 0).into(t, &status)
		if len(status) != 2 || status[1].Service != "orders" || status[1].Log.Head != 5 || status[1].Sagas["parked"] != 2 ||
			len(status[1].Log.Followers) != 1 || status[1].Log.Followers[0].Name != "billing" || status[1].Log.Followers[0].Lag != 0 {
			t.Errorf("%+v", status)
		}
		call(t, "outbox", "status", "--data", dir).expect(t, 0, "orders/outbox", "LAG", "2 parked")
	}
	t.Run("at rest", look)
	own(t, dir, false)
	t.Run("live", look)
}

func TestChangesAtRest(t *testing.T) {
	dir := troubled(t)
	change(t, dir)
	if left, _ := filepath.Glob(filepath.Join(dir, "*.lock")); len(left) != 0 {
		t.Errorf("locks were left: %v", left)
	}
}

// The owner runs, so the change goes through its admin socket.
func TestChangesThroughTheOwner(t *testing.T) {
	dir := troubled(t)
	own(t, dir, true)
	change(t, dir)
}

func change(t *testing.T, dir string) {
	t.Helper()
	state := func(id string) string {
		var s sagaRow
		call(t, "saga", "show", id, "--data", dir, "--json").expect(t, 0).into(t, &s)
		return s.State
	}
	call(t, "saga", "retry", "s1", "--data", dir).expect(t, 0, "saga s1 goes on")
	if s := state("s1"); s != "running" {
		t.Errorf("s1 is %s", s)
	}
	call(t, "saga", "retry", "s1", "--data", dir).expect(t, 1, "not parked")
	var done struct{ Service, Action, Done string }
	call(t, "saga", "resolve", "s2", "--as", "compensated", "--reason", "refunded by hand", "--data", dir, "--json").expect(t, 0).into(t, &done)
	if s := state("s2"); s != "compensated" || done.Service != "orders" || done.Action != "saga.resolve" {
		t.Errorf("s2 is %s: %+v", s, done)
	}
	call(t, "saga", "show", "s2", "--data", dir).expect(t, 0, "refunded by hand")

	call(t, "parked", "replay", "orders/outbox", "c1", "--data", dir).expect(t, 0, "tried again")
	var keys []struct{ State, ID string }
	call(t, "parked", "list", "--data", dir, "--json").into(t, &keys)
	if len(keys) != 1 || keys[0].State != "retry" {
		t.Fatalf("%+v", keys)
	}
	call(t, "parked", "discard", "orders/outbox", "c1", "--message", "0198c0de-0000-7000-8000-000000000000", "--data", dir).expect(t, 1, "conflict")
	call(t, "parked", "discard", "orders/outbox", "c1", "--message", keys[0].ID, "--data", dir).expect(t, 0, keys[0].ID)
	call(t, "parked", "discard", "orders/outbox", "c1", "--all", "--data", dir).expect(t, 0, "2 messages")
	call(t, "parked", "replay", "orders/outbox", "c1", "--data", dir).expect(t, 5)
}

func TestOwnerWithoutSocketIsRefused(t *testing.T) {
	dir := troubled(t)
	own(t, dir, false)
	call(t, "saga", "retry", "s1", "--data", dir).expect(t, 3, "locked", "admin socket")
}
