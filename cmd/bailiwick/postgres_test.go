package main_test

import (
	"context"
	"testing"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

// A PostgreSQL database is looked at, and changed, beside its running owner.
func TestPostgres(t *testing.T) {
	url := server.Database(t)
	ctx := context.Background()
	db, err := postgres.Open(ctx, url, postgres.Options{Owner: "orders", Store: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	type state struct{}
	checkout, err := saga.Register(saga.New(db, saga.Options{}), saga.Definition[state]{Name: "checkout", Steps: []saga.Step[state]{{
		Name: "charge", Command: "nobody.charge", Request: func(*store.Tx, *state) (any, error) { return state{}, nil },
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
}
