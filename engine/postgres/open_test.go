package postgres

import (
	"context"
	"database/sql"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

func TestExclusiveNeedsItAlone(t *testing.T) {
	url := server.Database(t)
	running := opened(t, url, Options{})
	_, err := open(t.Context(), url, Options{Owner: "order", Exclusive: true}, false)
	code(t, err, bailiwick.Locked)
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	alone := opened(t, url, Options{Exclusive: true})
	publish(t, alone, message("k", 1))
	_, err = open(t.Context(), url, Options{Owner: "order"}, false)
	code(t, err, bailiwick.Locked)
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	publish(t, opened(t, url, Options{}), message("k", 2))
}

// Whoever inspects reads beside the running owner, and changes nothing.
func TestReadOnlyChangesNothing(t *testing.T) {
	url := server.Database(t)
	_, err := open(t.Context(), url, Options{ReadOnly: true}, false)
	code(t, err, bailiwick.NotDatabase)
	var tables int
	owner := opened(t, url, Options{})
	publish(t, owner, message("k", 1))

	d := opened(t, url, Options{Owner: "order", ReadOnly: true})
	log, err := d.LogState(t.Context())
	if err != nil || log.Name != "order/outbox" || log.Staged != 1 {
		t.Errorf("the log stands at %+v: %v", log, err)
	}
	code(t, d.Do(t.Context(), func(driver.Tx) error { return nil }), bailiwick.Invalid)
	if _, err := d.pool.Exec("CREATE TABLE sneaked (n int)"); state(err) != readOnlyTransaction {
		t.Errorf("a table was made through a read-only connection: %v", err)
	}
	if err := owner.pool.QueryRow(`SELECT count(*) FROM pg_tables WHERE tablename = 'sneaked'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d tables sneaked in: %v", tables, err)
	}
	nobody, err := open(t.Context(), url, Options{ReadOnly: true}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer nobody.Close()
	if nobody.opts.Owner != "order" {
		t.Errorf("the owner is %q", nobody.opts.Owner)
	}
}

// Whoever changes a database by hand knows neither its owner nor its migrations.
func TestOfflineWorksBesideTheOwner(t *testing.T) {
	url := server.Database(t)
	byHand := Options{Offline: true, MaxConns: 2}
	_, err := open(t.Context(), url, byHand, false)
	code(t, err, bailiwick.NotDatabase)
	migrations := []store.Migration{{Version: 1, Name: "a", SQL: "CREATE TABLE a (n int)"}}
	owner := opened(t, url, Options{Migrations: migrations})
	_, err = open(t.Context(), url, Options{Owner: "payment", Offline: true}, false)
	code(t, err, bailiwick.WrongOwner)

	d, err := open(t.Context(), url, byHand, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if d.opts.Owner != "order" {
		t.Errorf("the owner is %q", d.opts.Owner)
	}
	publish(t, d, message("k", 1))
	wantLog(t, stampAll(t, owner, 1, 10), 1)
	var applied int
	if err := owner.pool.QueryRow(`SELECT count(*) FROM bailiwick_migrations WHERE component = 'service'`).Scan(&applied); err != nil || applied != 1 {
		t.Errorf("%d migrations of the service are recorded: %v", applied, err)
	}
	if err := errors.Join(d.Close(), owner.Close()); err != nil {
		t.Fatal(err)
	}

	opened(t, url, Options{Exclusive: true, Migrations: migrations})
	_, err = open(t.Context(), url, byHand, false)
	code(t, err, bailiwick.Locked)
}

// A refusal leaves no trace: not a table, not a schema, not a connection's lock.
func TestRefusalLeavesNoTrace(t *testing.T) {
	url := server.Database(t)
	one := []store.Migration{{Version: 1, Name: "a", SQL: "CREATE TABLE a (n int)"}}
	d := opened(t, url, Options{Migrations: one})
	two := append(one, store.Migration{Version: 2, Name: "b", SQL: "CREATE TABLE b (n int)"})
	_, err := open(t.Context(), url, Options{Owner: "payment", Migrations: two}, false)
	code(t, err, bailiwick.WrongOwner)
	var b *string
	if err := d.pool.QueryRow(`SELECT to_regclass('b')::text`).Scan(&b); err != nil || b != nil {
		t.Errorf("the refused program's migration was applied: %v", err)
	}
}

// A hint to this engine is part of a migration, one to another is a comment.
func TestMigrationsHaveTheirHints(t *testing.T) {
	d := opened(t, server.Database(t), Options{Migrations: []store.Migration{{Version: 1, Name: "a",
		SQL: "CREATE TABLE a (n int /*postgres DEFAULT 7*/) /*sqlite STRICT*/; INSERT INTO a DEFAULT VALUES"}}})
	var n *int
	if err := d.pool.QueryRow("SELECT n FROM a").Scan(&n); err != nil || n == nil || *n != 7 {
		t.Errorf("the column's default is %v: %v", n, err)
	}
}

// Several services in one database, each in a schema of its own, do not meet.
func TestSchemasAreApart(t *testing.T) {
	url := server.Database(t)
	order := opened(t, url, Options{Schema: "Order's", Migrations: []store.Migration{{Version: 1, Name: "a", SQL: "CREATE TABLE a (n int)"}}})
	payment := opened(t, url, Options{Owner: "payment", Schema: "payment", Migrations: []store.Migration{{Version: 1, Name: "a", SQL: "CREATE TABLE a (n int)"}}})
	publish(t, order, message("k", 1))
	publish(t, payment, message("k", 2))
	wantLog(t, stampAll(t, order, 1, 10), 1)
	wantLog(t, stampAll(t, payment, 1, 10), 2)
	alone := opened(t, url, Options{Owner: "user", Schema: "user", Exclusive: true})
	publish(t, alone, message("k", 3))
}

// A pool that the caller keeps works without a search path, and stays open.
func TestWrapLeavesThePoolAlone(t *testing.T) {
	pool, err := sql.Open("pgx", server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	db, err := Wrap(t.Context(), pool, Options{Owner: "order", Schema: "outbox", Migrations: []store.Migration{{Version: 1, Name: "a", SQL: "CREATE TABLE a (n int)"}}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Do(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.SQL().Exec("INSERT INTO outbox.a VALUES (?)", 1); err != nil {
			return err
		}
		return tx.Publish(bailiwick.Message{Key: "k", Type: "t", Version: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if state, err := db.Log().State(t.Context()); err != nil || state.Staged != 1 {
		t.Errorf("the log stands at %+v: %v", state, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := pool.Ping(); err != nil {
		t.Errorf("Close closed the caller's pool: %v", err)
	}
}

// A copy has other transaction ids: it is refused, and after Rebase its log goes
// on in a new incarnation, without a loss.
func TestCopyIsForkedUntilRebased(t *testing.T) {
	from, to := server.Database(t), server.Database(t)
	d := opened(t, from, Options{})
	publish(t, d, message("k", 1), message("k", 2), message("k", 3))
	stampAll(t, d, 1, 10)
	publish(t, d, message("k", 4), message("k", 5), message("k", 6))
	if _, err := d.Stamp(t.Context(), 1, 2); err != nil { // 4 and 5: it is catching up
		t.Fatal(err)
	}
	publish(t, d, message("k", 7))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	dump(t, from, to)

	_, err := open(t.Context(), to, Options{Owner: "order"}, false)
	code(t, err, bailiwick.Forked)
	_, err = open(t.Context(), to, Options{Offline: true}, false)
	code(t, err, bailiwick.Forked)
	_, err = Rebase(t.Context(), to, Options{Owner: "payment"})
	code(t, err, bailiwick.WrongOwner)
	fork, err := Rebase(t.Context(), to, Options{Owner: "order"})
	if err != nil || fork != (bailiwick.Fork{Epoch: 2, Seq: 5}) {
		t.Fatalf("it forks at %+v: %v", fork, err)
	}
	d = opened(t, to, Options{})
	publish(t, d, message("k", 8))
	msgs := stampAll(t, d, 2, 10)
	wantLog(t, msgs, 6, 7, 8)
	if p := msgs[0].Position(); p != (bailiwick.Position{Epoch: 2, Seq: 6}) {
		t.Errorf("the new incarnation begins at %s", p)
	}
	state, err := d.LogState(t.Context())
	if err != nil || len(state.History) != 2 || state.History[1] != fork {
		t.Errorf("the log stands at %+v: %v", state, err)
	}
}

// dump copies a database as pg_dump and psql do.
func dump(t *testing.T, from, to string) {
	t.Helper()
	bin, err := server.Tool("pg_dump")
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.CommandContext(t.Context(), bin, from).Output()
	if err != nil {
		t.Fatal(err)
	}
	if bin, err = server.Tool("psql"); err != nil {
		t.Fatal(err)
	}
	psql := exec.CommandContext(t.Context(), bin, "-q", "-v", "ON_ERROR_STOP=1", to)
	psql.Stdin = strings.NewReader(string(text))
	if out, err := psql.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func ExampleOpen() {
	migrations := []store.Migration{{Version: 1, Name: "accounts", SQL: "CREATE TABLE account (id text PRIMARY KEY, balance bigint NOT NULL)"}}
	run := func(ctx context.Context, url string) error {
		db, err := Open(ctx, url, Options{Owner: "bank", Migrations: migrations})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Do(ctx, func(tx *store.Tx) error {
			if _, err := tx.SQL().Exec("UPDATE account SET balance = balance - ? WHERE id = ?", 5, "anna"); err != nil {
				return err
			}
			return tx.Publish(bailiwick.Message{Key: "anna", Type: "account.debited", Version: 1, Data: []byte(`{"by":5}`)})
		})
	}
	_ = run // with the URL of a PostgreSQL database
}
