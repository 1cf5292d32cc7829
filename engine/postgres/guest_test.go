package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
	"github.com/bailiwick/bailiwick/store/storetest"
	"github.com/jackc/pgx/v5"
)

// applied opens a pool of the service's own and applies what it wants printed.
func applied(t testing.TB, url string, wanted ...guest.Wanted) *sql.DB {
	t.Helper()
	pool, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pool.Close() })
	schema, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range wanted {
		list, err := schema.Print(w)
		if err != nil {
			t.Fatal(err)
		}
		for _, st := range list {
			if _, err := pool.Exec(st.Text); err != nil {
				t.Fatalf("%v in\n%s", err, st.Text)
			}
		}
	}
	return pool
}

// A guest keeps the promises of an engine that have to do with its tables.
func TestGuestConformance(t *testing.T) {
	storetest.RunGuest(t, storetest.Guest{Open: func(t *testing.T, parts guest.Parts) storetest.Harness {
		url := server.Database(t)
		pool := applied(t, url, guest.Wanted{For: parts})
		options := func(s storetest.Setup) Options {
			for _, m := range s.Migrations {
				if _, err := pool.Exec(strings.ReplaceAll(m.SQL, "CREATE TABLE", "CREATE TABLE IF NOT EXISTS")); err != nil {
					t.Fatal(err)
				}
			}
			return Options{Owner: s.Owner, Guest: parts, Store: s.Store}
		}
		return storetest.Harness{
			Open: func(ctx context.Context, s storetest.Setup) (*store.DB, error) { return Open(ctx, url, options(s)) },
			OpenDriver: func(ctx context.Context, s storetest.Setup) (driver.DB, error) {
				return open(ctx, url, options(s), false)
			},
		}
	}})
}

// What is printed is what an owner that migrates by itself has.
func TestPrintedSchemaIsTheOwn(t *testing.T) {
	own := opened(t, server.Database(t), Options{})
	url := server.Database(t)
	pool := applied(t, url, guest.Wanted{For: guest.Outbox}, guest.Wanted{For: guest.Inbox, Beside: guest.Outbox})
	other := newDB(pool, false, Options{Owner: "order"}.withDefaults())
	describe := func(d *db) string {
		conn, err := d.pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		list, err := d.tables(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%+v", list)
	}
	if want, have := describe(own), describe(other); want != have {
		t.Errorf("an owner has\n%s\na guest\n%s", want, have)
	}
}

// What does not fit is refused, with what to do, and nothing is altered.
func TestGuestRefusesWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		name, alter string
		code        bailiwick.Code
		says        string
	}{
		{"missing table", `DROP TABLE bailiwick_steps`, bailiwick.NotFound, "no table bailiwick_steps"},
		{"missing column", `ALTER TABLE bailiwick_staging DROP COLUMN trace`, bailiwick.NotFound, "no column bailiwick_staging.trace"},
		{"missing index", `DROP INDEX bailiwick_staging_xid`, bailiwick.NotFound, "no index bailiwick_staging_xid"},
		{"other type", `ALTER TABLE bailiwick_log ALTER COLUMN version TYPE bigint`, bailiwick.SchemaChanged, "bailiwick_log.version is bigint and should be integer"},
		{"no default", `ALTER TABLE bailiwick_staging ALTER COLUMN xid DROP DEFAULT`, bailiwick.SchemaChanged, "bailiwick_staging.xid has no default"},
		{"no counter", `ALTER TABLE bailiwick_staging ALTER COLUMN id DROP IDENTITY`, bailiwick.SchemaChanged, "bailiwick_staging.id does not count"},
		{"other key", `ALTER TABLE bailiwick_records DROP CONSTRAINT bailiwick_records_pkey`, bailiwick.SchemaChanged, "the primary key of bailiwick_records"},
		{"null forbidden", `ALTER TABLE bailiwick_staging ALTER COLUMN causation SET NOT NULL`, bailiwick.SchemaChanged, "bailiwick_staging.causation must be allowed"},
		{"added column", `ALTER TABLE bailiwick_staging ADD COLUMN tenant text NOT NULL`, bailiwick.SchemaChanged, "bailiwick_staging.tenant was added"},
		{"added column that may stay", `ALTER TABLE bailiwick_staging ADD COLUMN tenant text NOT NULL DEFAULT ''`, "", ""},
		{"edited migration", `UPDATE bailiwick_migrations SET checksum = ''`, bailiwick.SchemaChanged, "edited"},
		{"newer", `INSERT INTO bailiwick_migrations VALUES ('bailiwick', 99, 'later', '')`, bailiwick.SchemaNewer, "newer"},
		{"older", `DELETE FROM bailiwick_migrations`, bailiwick.NotFound, "schema print --engine postgres --for outbox"},
		{"another's", `INSERT INTO bailiwick_meta VALUES ('owner', 'payment')`, bailiwick.WrongOwner, "payment"},
		{"nothing there", `DROP TABLE bailiwick_meta`, bailiwick.NotFound, "bailiwick schema print --engine postgres --for outbox"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pool := applied(t, server.Database(t), guest.Wanted{For: guest.Outbox})
			if _, err := pool.Exec(c.alter); err != nil {
				t.Fatal(err)
			}
			before := catalogue(t, pool)
			db, err := Wrap(t.Context(), pool, Options{Owner: "order", Guest: guest.Outbox})
			if bailiwick.CodeOf(err) != c.code || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %s with %q", err, c.code, c.says)
			}
			if err == nil {
				db.Close()
			}
			if after := catalogue(t, pool); after != before {
				t.Errorf("before\n%s\nafter\n%s", before, after)
			}
		})
	}
}

// catalogue lists all columns and indexes there are.
func catalogue(t testing.TB, pool *sql.DB) (text string) {
	t.Helper()
	err := pool.QueryRow(`SELECT string_agg(c.relname || '.' || a.attname || ' ' || a.atttypid::regtype || a.attnotnull || a.atthasdef, ', ' ORDER BY c.relname, a.attnum)
		FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Each way of opening is told of the other.
func TestGuestAndOwnerAreNotMistaken(t *testing.T) {
	url := server.Database(t)
	pool := applied(t, url, guest.Wanted{For: guest.Outbox})
	_, err := Open(t.Context(), url, Options{Owner: "order"})
	code(t, err, bailiwick.Invalid)
	_, err = Wrap(t.Context(), pool, Options{Owner: "order", Guest: guest.Outbox, Migrations: []store.Migration{{Version: 1, Name: "a", SQL: "SELECT 1"}}})
	code(t, err, bailiwick.Invalid)
	_, err = Wrap(t.Context(), pool, Options{Owner: "order", Guest: "outbax"})
	code(t, err, bailiwick.Invalid)
	_, err = Wrap(t.Context(), pool, Options{Owner: "order", Guest: guest.Saga})
	code(t, err, bailiwick.NotFound) // the inbox's tables are missing
}

// The service's own transactions, of database/sql and of pgx, publish or do not.
func TestPublishInTheServicesOwnTransactions(t *testing.T) {
	url := server.Database(t)
	pool := applied(t, url, guest.Wanted{For: guest.Outbox})
	db, err := Wrap(t.Context(), pool, Options{Owner: "order", Guest: guest.Outbox})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	events := outbox.New(Outbox{}, outbox.Options{})
	ctx := bailiwick.WithCorrelation(t.Context(), "request-7")

	for _, commit := range []bool{false, true} {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := events.Publish(ctx, tx, "order.placed", 2, "o-1", map[string]int{"pieces": 3}); err != nil {
			t.Fatal(err)
		}
		if commit {
			err = tx.Commit()
		} else {
			err = tx.Rollback()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	native, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer native.Close(context.Background())
	many := make([]bailiwick.Message, 70)
	for i := range many {
		many[i] = bailiwick.Message{Key: fmt.Sprint("k-", i), Type: "order.checked", Version: 1}
	}
	err = pgx.BeginFunc(ctx, native, func(tx pgx.Tx) error { return events.PublishMessages(ctx, Pgx(tx), many...) })
	if err != nil {
		t.Fatal(err)
	}
	if err := events.PublishMessages(ctx, pool, bailiwick.Message{Key: "k"}); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("an incomplete message: %v", err)
	}

	run, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- db.Run(run) }()
	defer func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}()
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "payment"})
	if err != nil {
		t.Fatal(err)
	}
	var list []*bailiwick.Message
	for at := (bailiwick.Position{}); len(list) < 71; {
		if err := feed.Wait(ctx, at); err != nil {
			t.Fatal(err)
		}
		batch, err := feed.Read(ctx, at, 100)
		if err != nil {
			t.Fatal(err)
		}
		list, at = append(list, batch.Messages...), batch.Through
	}
	if m := list[0]; m.Key != "o-1" || m.Version != 2 || string(m.Data) != `{"pieces":3}` || m.Correlation != "request-7" || m.ID.IsZero() || m.Seq != 1 || m.Log != "order/outbox" {
		t.Errorf("got %+v", m)
	}
	for i, m := range list[1:] {
		if m.Key != fmt.Sprint("k-", i) || m.Seq != int64(i+2) {
			t.Fatalf("message %d is %s at %d", i, m.Key, m.Seq)
		}
	}
}
