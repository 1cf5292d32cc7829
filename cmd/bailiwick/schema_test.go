package main_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// What is printed is a migration that a guest can be opened on.
func TestSchemaPrint(t *testing.T) {
	printed := call(t, "schema", "print", "--engine", "sqlite", "--for", "outbox").expect(t, 0, "CREATE TABLE bailiwick_log (", "INSERT INTO bailiwick_migrations").out
	if strings.Contains(printed, "bailiwick_claims") || strings.Contains(printed, "goose") {
		t.Errorf("more was printed than was asked for:\n%s", printed)
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	pool, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(printed); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Wrap(t.Context(), pool, sqlite.Options{Owner: "shop", Guest: "outbox"})
	if err != nil {
		t.Fatal(err)
	}
	// It is looked at like any other, beside the service and after it.
	for _, running := range []bool{true, false} {
		if !running {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		call(t, "outbox", "status", "--db", "sqlite:"+path).expect(t, 0, "shop/outbox")
		call(t, "parked", "list", "--db", "sqlite:"+path).expect(t, 0)
		call(t, "saga", "list", "--db", "sqlite:"+path).expect(t, 0)
	}
	// What it is not is one of those that are migrated.
	_, err = sqlite.Open(t.Context(), path, sqlite.Options{Owner: "shop"})
	if bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("opened as an owner that migrates: %v", err)
	}
}

func TestSchemaPrintForms(t *testing.T) {
	goose := call(t, "schema", "print", "--engine", "postgres", "--for", "inbox", "--beside", "outbox", "--format", "goose").
		expect(t, 0, "-- +goose Up\n", "CREATE TABLE bailiwick_positions", "-- +goose Down\nDROP TABLE bailiwick_claims;\nDROP TABLE bailiwick_positions;\n").out
	if strings.Contains(goose, "bailiwick_log") || strings.Contains(goose, "bailiwick_migrations") {
		t.Errorf("the outbox's are there already:\n%s", goose)
	}
	var got struct {
		Engine     string
		Version    int
		Statements []struct {
			Version    int
			Table, SQL string
		}
	}
	call(t, "schema", "print", "--engine", "postgres", "--for", "outbox", "--json").expect(t, 0).into(t, &got)
	if got.Engine != "postgres" || got.Version < 1 || len(got.Statements) < 8 || got.Statements[0].Table != "bailiwick_meta" {
		t.Errorf("got %+v", got)
	}
	for _, args := range []string{"--engine mysql --for outbox", "--engine sqlite", "--for outbox", "--engine sqlite --for outbux", "--engine sqlite --for outbox --format flyway"} {
		call(t, append([]string{"schema", "print"}, strings.Fields(args)...)...).expect(t, 2)
	}
	call(t, "schema", "print", "--engine", "sqlite", "--for", "outbox", "--since", "99").expect(t, 1, "there is no version 99")
}
