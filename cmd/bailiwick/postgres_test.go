package main_test

import (
	"context"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

// A PostgreSQL database is looked at, and changed, beside its running owner, whose
// migrations the program does not know.
func TestPostgres(t *testing.T) {
	url := server.Database(t)
	ctx := context.Background()
	db, err := postgres.Open(ctx, url, postgres.Options{Owner: "orders", Store: quiet,
		Migrations: []store.Migration{{Version: 1, Name: "baskets", SQL: "CREATE TABLE basket (id text PRIMARY KEY)"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	type state struct{}
	orchestrator := saga.New(db, saga.Options{Tick: time.Millisecond, Logger: quiet.Logger})
	checkout, err := saga.Register(orchestrator, saga.Definition[state]{Name: "checkout", Steps: []saga.Step[state]{{
		Name: "charge", Command: "nobody.charge", Pivot: true, Timeout: time.Millisecond, Attempts: 1,
		Request: func(*store.Tx, *state) (any, error) { return state{}, nil },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Do(ctx, func(tx *store.Tx) error { return checkout.Start(tx, "s1", "k", &state{}) }); err != nil {
		t.Fatal(err)
	}
	call(t, "saga", "list", "--db", url).expect(t, 0, "s1", "running")
	call(t, "outbox", "status", "--db", url).expect(t, 0, "postgres", "orders/outbox", "1 running")
	call(t, "parked", "list", "--db", url, "--json").expect(t, 0, "[]")
	call(t, "saga", "retry", "s1", "--db", url).expect(t, 1, "not parked")

	g, err := service.NewGroup(service.Options{Logger: quiet.Logger}, &service.Service{Name: "orders", DB: db, Parts: []service.Part{orchestrator}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	if err := g.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	call(t, "saga", "resolve", "s1", "--as", "compensated", "--reason", "refunded by hand", "--db", url).expect(t, 0, "saga s1 is compensated")
	call(t, "saga", "show", "s1", "--db", url).expect(t, 0, "compensated", "refunded by hand")
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
