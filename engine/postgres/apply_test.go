package postgres

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// warnings hears what is logged.
type warnings chan string

func (w warnings) Write(p []byte) (int, error) {
	select {
	case w <- string(p):
	default: // nobody listens any more
	}
	return len(p), nil
}

var amounts = []store.Migration{{Version: 1, Name: "amounts", SQL: "CREATE TABLE amount (id text PRIMARY KEY, n int)"}}

// amountsAnd are the migrations of a program that came later.
func amountsAnd(more ...store.Migration) []store.Migration { return append(amounts[:1:1], more...) }

// A step that cannot have its lock does not have the whole service wait with it.
func TestAMigrationLetsOthersPass(t *testing.T) {
	url := server.Database(t)
	older := opened(t, url, Options{Migrations: amounts})
	long, err := older.pool.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer long.Rollback()
	if _, err := long.Exec("SELECT count(*) FROM amount"); err != nil {
		t.Fatal(err)
	}

	heard := make(warnings, 100)
	ended := make(chan error, 1)
	go func() {
		d, err := open(context.Background(), url, Options{Owner: "order", Store: store.Options{Logger: slog.New(slog.NewTextHandler(heard, nil))},
			Migrations: amountsAnd(store.Migration{Version: 2, Name: "cents", Phase: store.Expand, SQL: "ALTER TABLE amount ADD COLUMN cents int"})}, false)
		if err == nil {
			err = d.Close()
		}
		ended <- err
	}()
	select {
	case told := <-heard:
		if !strings.Contains(told, "lets others pass") || !strings.Contains(told, "cents.expand") {
			t.Errorf("told %q", told)
		}
	case err := <-ended:
		t.Fatalf("the step did not wait: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("the step waits and has everybody wait behind it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := older.pool.ExecContext(ctx, "SELECT count(*) FROM amount"); err != nil {
		t.Errorf("who came after the step does not get through: %v", err)
	}
	if err := long.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What failed half-way outside of a transaction is not taken for done.
func TestAnUnfinishedIndexIsNamed(t *testing.T) {
	url := server.Database(t)
	d := opened(t, url, Options{Migrations: amounts})
	if _, err := d.pool.Exec("INSERT INTO amount VALUES ('a', 1), ('b', 1)"); err != nil {
		t.Fatal(err)
	}
	unique := Options{Owner: "order", Migrations: amountsAnd(store.Migration{Version: 2, Name: "unique", Phase: store.Concurrent,
		SQL: "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS amount_n ON amount (n)"})}
	_, err := open(t.Context(), url, unique, false)
	code(t, err, bailiwick.Invalid)
	_, err = open(t.Context(), url, unique, false)
	code(t, err, bailiwick.Conflict)
	if !strings.Contains(err.Error(), "amount_n") {
		t.Errorf("%v does not name the index", err)
	}
	if _, err := d.pool.Exec("DROP INDEX CONCURRENTLY amount_n"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pool.Exec("UPDATE amount SET n = 2 WHERE id = 'b'"); err != nil {
		t.Fatal(err)
	}
	d = opened(t, url, unique)
	var recorded string
	if err := d.pool.QueryRow("SELECT name FROM bailiwick_migrations WHERE component = 'service' AND version = 2").Scan(&recorded); err != nil || recorded != "unique.concurrent" {
		t.Errorf("recorded as %q: %v", recorded, err)
	}
	if _, err := d.pool.Exec("INSERT INTO amount VALUES ('c', 1)"); err == nil {
		t.Error("there is no index")
	}
}

// A program that has no connection at the moment of the contract is not at work on
// the new schema later.
func TestAnIdleProgramIsOvertaken(t *testing.T) {
	url := server.Database(t)
	idle := opened(t, url, Options{Migrations: amounts})
	idle.pool.SetMaxIdleConns(-1)
	nothing := func(driver.Tx) error { return nil }
	do(t, idle, nothing)

	newer := opened(t, url, Options{Migrations: amountsAnd(
		store.Migration{Version: 2, Name: "cents", Phase: store.Expand, SQL: "ALTER TABLE amount ADD COLUMN cents int"},
		store.Migration{Version: 3, Name: "cents", Phase: store.Contract, SQL: "ALTER TABLE amount DROP COLUMN n"})})
	do(t, idle, nothing)

	// While the schema is being contracted it is kept out, afterwards for good.
	s, err := newer.session(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	letIn, err := newer.keepOlderOut(t.Context(), s.Conn, 3)
	if err != nil {
		t.Fatal(err)
	}
	code(t, idle.Do(t.Context(), nothing), bailiwick.Locked)
	letIn()
	s.Close()
	do(t, idle, nothing)
	opened(t, url, Options{Migrations: newer.opts.Migrations, Contract: true})
	code(t, idle.Do(t.Context(), nothing), bailiwick.SchemaNewer)
	do(t, newer, nothing)
}
