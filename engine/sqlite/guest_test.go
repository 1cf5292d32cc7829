package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
	"github.com/bailiwick/bailiwick/store/storetest"
)

// applied makes a file with a pool of the service's own and applies what it wants
// printed.
func applied(t testing.TB, wanted ...guest.Wanted) (path string, pool *sql.DB) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "order.db")
	pool, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate")
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
	return path, pool
}

// A guest keeps the promises of an engine that have to do with its tables.
func TestGuestConformance(t *testing.T) {
	storetest.RunGuest(t, storetest.Guest{OneWriter: true, Open: func(t *testing.T, parts guest.Parts) storetest.Harness {
		path, pool := applied(t, guest.Wanted{For: parts})
		options := func(s storetest.Setup) Options {
			for _, m := range s.Migrations {
				if _, err := pool.Exec(strings.ReplaceAll(m.SQL, "CREATE TABLE", "CREATE TABLE IF NOT EXISTS")); err != nil {
					t.Fatal(err)
				}
			}
			return Options{Owner: s.Owner, Guest: parts, Store: s.Store}
		}
		return storetest.Harness{
			Open: func(ctx context.Context, s storetest.Setup) (*store.DB, error) { return Open(ctx, path, options(s)) },
			OpenDriver: func(ctx context.Context, s storetest.Setup) (driver.DB, error) {
				db, _, err := open(ctx, path, options(s))
				if err != nil {
					return nil, err
				}
				return db, nil
			},
		}
	}})
}

// What does not fit is refused, with what to do, and nothing is altered.
func TestGuestRefusesWhatDoesNotFit(t *testing.T) {
	for _, c := range []struct {
		name, alter string
		code        bailiwick.Code
		says        string
	}{
		{"missing table", `DROP TABLE bailiwick_log_history`, bailiwick.NotFound, "no table bailiwick_log_history"},
		{"missing column", `ALTER TABLE bailiwick_log DROP COLUMN trace`, bailiwick.NotFound, "no column bailiwick_log.trace"},
		{"missing index", `DROP INDEX bailiwick_records_due`, bailiwick.NotFound, "no index bailiwick_records_due"},
		{"other type", `DROP TABLE bailiwick_leases; CREATE TABLE bailiwick_leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, term TEXT NOT NULL, until INTEGER NOT NULL)`,
			bailiwick.SchemaChanged, "bailiwick_leases.term is text and should be integer"},
		{"no counter", `DROP TABLE bailiwick_log; CREATE TABLE bailiwick_log (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, key TEXT NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,
			time INTEGER NOT NULL, correlation TEXT NOT NULL DEFAULT '', causation TEXT NOT NULL DEFAULT '', trace TEXT NOT NULL DEFAULT '', data BLOB)`,
			bailiwick.SchemaChanged, "bailiwick_log.seq does not count"},
		{"other key", `DROP TABLE bailiwick_leases; CREATE TABLE bailiwick_leases (name TEXT, holder TEXT NOT NULL, term INTEGER NOT NULL, until INTEGER NOT NULL)`,
			bailiwick.SchemaChanged, "the primary key of bailiwick_leases"},
		{"added column that may stay", `ALTER TABLE bailiwick_log ADD COLUMN tenant TEXT`, "", ""},
		{"edited migration", `UPDATE bailiwick_migrations SET checksum = ''`, bailiwick.SchemaChanged, "edited"},
		{"newer", `INSERT INTO bailiwick_migrations VALUES ('bailiwick', 99, 'later', '', 0)`, bailiwick.SchemaNewer, "newer"},
		{"nothing there", `DROP TABLE bailiwick_migrations`, bailiwick.NotFound, "bailiwick schema print --engine sqlite --for outbox"},
		{"another's", `INSERT INTO bailiwick_meta VALUES ('owner', 'payment')`, bailiwick.WrongOwner, "payment"},
		{"another journal", `PRAGMA journal_mode = DELETE`, bailiwick.Invalid, "journal_mode(WAL)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, pool := applied(t, guest.Wanted{For: guest.Outbox})
			if _, err := pool.Exec(c.alter); err != nil {
				t.Fatal(err)
			}
			before := catalogue(t, pool)
			db, err := Open(t.Context(), path, Options{Owner: "order", Guest: guest.Outbox})
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

// catalogue is the schema's text.
func catalogue(t testing.TB, pool *sql.DB) (text string) {
	t.Helper()
	if err := pool.QueryRow(`SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_schema ORDER BY name)`).Scan(&text); err != nil {
		t.Fatal(err)
	}
	return text
}

// Pools that cannot be shared are refused, and so are the two ways of opening
// mistaken for each other.
func TestWrapRefuses(t *testing.T) {
	ctx := t.Context()
	path, pool := applied(t, guest.Wanted{For: guest.Outbox})
	opts := Options{Owner: "order", Guest: guest.Outbox}
	refused := func(what string, err error, code bailiwick.Code) {
		t.Helper()
		if bailiwick.CodeOf(err) != code {
			t.Errorf("%s: got %v, want %s", what, err, code)
		}
	}
	memory, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()
	_, err = Wrap(ctx, memory, opts)
	refused("in memory", err, bailiwick.Invalid)
	hasty, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer hasty.Close()
	_, err = Wrap(ctx, hasty, opts)
	refused("without patience", err, bailiwick.Invalid)
	_, err = Wrap(ctx, pool, Options{Owner: "order"})
	refused("no part", err, bailiwick.Invalid)
	_, err = Wrap(ctx, pool, Options{Owner: "order", Guest: guest.Saga})
	refused("tables of the inbox", err, bailiwick.NotFound)
	_, err = Open(ctx, path, Options{Owner: "order"})
	refused("as an owner that migrates", err, bailiwick.Invalid)
	_, err = Open(ctx, path+"x", opts)
	refused("no file", err, bailiwick.NotFound)

	db, err := Wrap(ctx, pool, opts)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Wrap(ctx, pool, opts)
	refused("a second time", err, bailiwick.Locked)
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	_, err = Wrap(ctx, pool, Options{Owner: "payment", Guest: guest.Outbox})
	refused("another's", err, bailiwick.WrongOwner)
}

// Sixteen writers of the service's own, some of which roll back, and the store's
// own transactions beside them: nothing is lost or told twice, keys keep their order,
// and what was rolled back is never seen.
func TestServicesOwnConnectionsWriteToo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, pool := applied(t, guest.Wanted{For: guest.Outbox})
	db, err := Wrap(ctx, pool, Options{Owner: "order", Guest: guest.Outbox})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	stopped := make(chan error, 1)
	go func() { stopped <- db.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}()
	const writers, each = 16, 12
	events := outbox.New(Outbox{}, outbox.Options{})
	var all sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if w%4 == 3 {
					errs[w] = db.Do(ctx, func(tx *store.Tx) error {
						return outbox.Publish(tx, "counted", 1, fmt.Sprint("store-", w), i)
					})
				} else {
					errs[w] = own(ctx, pool, i%3 == 2, func(tx *sql.Tx) error {
						return events.Publish(ctx, tx, "counted", 1, fmt.Sprint("own-", w), i)
					})
				}
				if errs[w] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	const committed = writers/4*each + writers*3/4*each*2/3
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "payment"})
	if err != nil {
		t.Fatal(err)
	}
	next := map[string]int{}
	seq := int64(0)
	for at := (bailiwick.Position{}); seq < committed; {
		if err := feed.Wait(ctx, at); err != nil {
			t.Fatal(err)
		}
		batch, err := feed.Read(ctx, at, 50)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range batch.Messages {
			if seq++; m.Seq != seq {
				t.Fatalf("after %d came %d", seq-1, m.Seq)
			}
			if want := next[m.Key]; string(m.Data) != fmt.Sprint(want) {
				t.Fatalf("%s: got %s, want %d", m.Key, m.Data, want)
			}
			next[m.Key]++
			if strings.HasPrefix(m.Key, "own-") && next[m.Key]%3 == 2 {
				next[m.Key]++ // that one was rolled back
			}
		}
		at = batch.Through
	}
	if state, err := db.Log().State(ctx); err != nil || state.Head != committed {
		t.Errorf("the log is %+v, %v; %d were committed", state, err, committed)
	}
}

// own runs fn in a transaction of the service's pool.
func own(ctx context.Context, pool *sql.DB, undo bool, fn func(*sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := fn(tx); err != nil || undo {
		return err
	}
	return tx.Commit()
}
