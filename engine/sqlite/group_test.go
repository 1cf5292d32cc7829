package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// opened is a database with its engine in reach.
type opened struct {
	*store.DB
	engine *DB
	told   []bailiwick.Message // what the log was told, in this order
	t      *testing.T
}

func openBoth(t *testing.T, path string, migrations []store.Migration) *opened {
	t.Helper()
	engine, opts, err := open(context.Background(), path, Options{Owner: "order", Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	db := store.New(engine, opts.Owner, opts.Store)
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	o := &opened{DB: db, engine: engine, t: t}
	tell := engine.writer.tell
	engine.writer.tell = func(msgs []bailiwick.Message) {
		o.told = append(o.told, msgs...)
		tell(msgs)
	}
	return o
}

var families = []store.Migration{{Version: 1, Name: "families", SQL: `
	CREATE TABLE parent (id INTEGER PRIMARY KEY);
	CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
	CREATE TABLE entry (id INTEGER PRIMARY KEY);
	CREATE TRIGGER refused BEFORE INSERT ON bailiwick_log WHEN NEW.key = 'refused' BEGIN SELECT RAISE (ABORT, 'refused'); END;`}}

// group runs closures as the members of one commit group and returns their errors:
// it holds the writer until all of them wait.
func (o *opened) group(members ...func(*store.Tx) error) []error {
	o.t.Helper()
	holding, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := o.Do(context.Background(), func(*store.Tx) error {
			close(holding)
			<-release
			return nil
		})
		if err != nil {
			o.t.Error(err)
		}
	})
	<-holding
	errs := make([]error, len(members))
	for i, fn := range members {
		all.Go(func() { errs[i] = o.Do(context.Background(), fn) })
		for o.engine.writer.queue.len() != i+1 {
			runtime.Gosched()
		}
	}
	close(release)
	all.Wait()
	return errs
}

// exec is a member that runs one statement and publishes a message.
func exec(query string, args ...any) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		if _, err := tx.SQL().Exec(query, args...); err != nil {
			return err
		}
		return tx.Publish(bailiwick.Message{Key: "1", Type: "ran", Version: 1, Data: []byte(query)})
	}
}

func (o *opened) count(table string) (n int) {
	o.t.Helper()
	err := o.Read(context.Background(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow("SELECT count(*) FROM " + table).Scan(&n)
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

// logged checks that the log holds n messages with seqs from 1, and that those who
// follow it in this process were told the same, each once.
func (o *opened) logged(n int) {
	o.t.Helper()
	stored, err := o.engine.ReadLog(context.Background(), 0, 1000)
	if err != nil {
		o.t.Fatal(err)
	}
	if len(o.told) != n || len(stored) != n {
		o.t.Fatalf("%d messages were told, %d are stored, want %d", len(o.told), len(stored), n)
	}
	for i, m := range o.told {
		if m.Seq != int64(i+1) || m.ID != stored[i].ID || m.Log != "order/outbox" || m.Epoch != 1 {
			o.t.Errorf("message %d was told as %d %s, stored as %d %s", i, m.Seq, m.ID, stored[i].Seq, stored[i].ID)
		}
	}
}

func TestGroupSharesOneCommit(t *testing.T) {
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	before := o.Stats()
	var members []func(*store.Tx) error
	for i := range 50 {
		members = append(members, exec("INSERT INTO entry VALUES (?)", i))
	}
	for _, err := range o.group(members...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	after := o.Stats()
	// One for who held the writer, one for the group.
	if commits, members := after.Commits-before.Commits, after.Members-before.Members; commits != 2 || members != 51 {
		t.Errorf("%d members took %d commits", members, commits)
	}
	o.logged(50)
}

// Whatever one member does to the shared transaction, the others succeed, and it
// alone is told.
func TestGroupMembersAreIsolated(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name    string
		culprit func(*store.Tx) error
		code    bailiwick.Code
		apart   bool // the group cannot stay together
	}{
		{"error", func(tx *store.Tx) error {
			_ = exec("INSERT INTO entry VALUES (100)")(tx)
			return refused
		}, bailiwick.Internal, false},
		{"failed statement", exec("INSERT INTO entry VALUES (1)"), bailiwick.Internal, false},
		{"deferred constraint", exec("INSERT INTO child VALUES (1, 99)"), bailiwick.Invalid, true},
		{"message that the log does not take", func(tx *store.Tx) error {
			_ = exec("INSERT INTO entry VALUES (100)")(tx)
			return tx.Publish(bailiwick.Message{Key: "refused", Type: "ran", Version: 1})
		}, bailiwick.Internal, true},
		{"own COMMIT", func(tx *store.Tx) error {
			_ = exec("INSERT INTO entry VALUES (100)")(tx)
			_, _ = tx.SQL().Exec("COMMIT")
			return nil
		}, bailiwick.Invalid, true},
		{"own COMMIT and BEGIN", func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("INSERT INTO entry VALUES (100); COMMIT; BEGIN; INSERT INTO entry VALUES (101)")
			return err
		}, bailiwick.Invalid, true},
		{"own ROLLBACK", exec("ROLLBACK"), bailiwick.Invalid, true},
		{"own ROLLBACK and on", func(tx *store.Tx) error {
			_, _ = tx.SQL().Exec("ROLLBACK")
			_ = exec("INSERT INTO entry VALUES (100)")(tx) // outside of any transaction
			return nil
		}, bailiwick.Invalid, true},
		{"INSERT OR ROLLBACK", func(tx *store.Tx) error {
			_, _ = tx.SQL().Exec("INSERT OR ROLLBACK INTO entry VALUES (1)")
			_ = exec("INSERT INTO entry VALUES (100)")(tx)
			return nil
		}, bailiwick.Invalid, true},
		{"INSERT OR ROLLBACK told", exec("INSERT OR ROLLBACK INTO entry VALUES (1)"), bailiwick.Invalid, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
			before := o.Stats().Commits
			errs := o.group(
				exec("INSERT INTO entry VALUES (1)"),
				exec("INSERT INTO entry VALUES (2)"),
				c.culprit,
				exec("INSERT INTO entry VALUES (3)"),
			)
			for i, err := range errs {
				if i != 2 && err != nil {
					t.Errorf("member %d: %v", i, err)
				}
			}
			if code := bailiwick.CodeOf(errs[2]); code != c.code {
				t.Errorf("the culprit was told %v, want the code %s", errs[2], c.code)
			}
			if n := o.count("entry"); n != 3 {
				t.Errorf("%d rows, want 3", n)
			}
			commits := int64(2)
			if c.apart {
				commits = 4
			}
			if got := o.Stats().Commits - before; got != commits {
				t.Errorf("%d commits, want %d", got, commits)
			}
			o.logged(3)
		})
	}
}

// A panic in one member is that caller's; the writer and the others go on.
func TestGroupSurvivesPanicAndGoexit(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("broken") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
			var recovered atomic.Value
			ended := make(chan struct{})
			errs := o.group(
				exec("INSERT INTO entry VALUES (1)"),
				exec("INSERT INTO entry VALUES (2)"),
				func(tx *store.Tx) error {
					// A member of its own, on a goroutine that may end.
					return exec("INSERT INTO entry VALUES (3)")(tx)
				},
			)
			if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
				t.Fatal(errs)
			}
			go func() {
				defer close(ended)
				defer func() {
					if p := recover(); p != nil {
						recovered.Store(p)
					}
				}()
				_ = o.Do(context.Background(), func(tx *store.Tx) error {
					_ = exec("INSERT INTO entry VALUES (4)")(tx)
					leave()
					return nil
				})
				t.Error("Do returned")
			}()
			<-ended
			if name == "panic" && recovered.Load() != "broken" {
				t.Errorf("the caller recovered %v", recovered.Load())
			}
			if n := o.count("entry"); n != 3 {
				t.Errorf("%d rows, want 3", n)
			}
			o.logged(3)
		})
	}
}

// The same where the one who leaves is in the middle of a group.
func TestLeavingInTheMiddleOfAGroup(t *testing.T) {
	for name, leave := range map[string]func(){"panic": func() { panic("broken") }, "goexit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
			leaving := func(id int) func() {
				return func() {
					defer func() { _ = recover() }()
					_ = o.Do(context.Background(), func(tx *store.Tx) error {
						_ = exec("INSERT INTO entry VALUES (?)", id)(tx)
						leave()
						return nil
					})
				}
			}
			staying := func(id int) func() {
				return func() {
					if err := o.Do(context.Background(), exec("INSERT INTO entry VALUES (?)", id)); err != nil {
						t.Error(err)
					}
				}
			}
			holding, release := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				_ = o.Do(context.Background(), func(*store.Tx) error { close(holding); <-release; return nil })
			})
			<-holding
			for i, fn := range []func(){staying(1), leaving(100), staying(2), leaving(101), staying(3)} {
				all.Go(fn)
				for o.engine.writer.queue.len() != i+1 {
					runtime.Gosched()
				}
			}
			close(release)
			all.Wait()
			if n := o.count("entry"); n != 3 {
				t.Errorf("%d rows, want 3", n)
			}
			o.logged(3)
		})
	}
}

// A member that appended and then failed leaves none of its messages to be told.
func TestFailedMemberTellsNothing(t *testing.T) {
	refused := errors.New("refused")
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	errs := o.group(
		exec("INSERT INTO entry VALUES (1)"),
		func(*store.Tx) error {
			// The engine's own transaction, in which messages are written at once.
			t := &tx{writer: o.engine.writer, db: o.engine, statements: statements{conn: o.engine.writer.conn, ctx: bare, gone: &o.engine.writer.gone}}
			if err := t.Append([]bailiwick.Message{{Key: "1", Type: "undone", Version: 1}}); err != nil {
				return err
			}
			return refused
		},
		exec("INSERT INTO entry VALUES (2)"),
	)
	if errs[0] != nil || errs[1] != refused || errs[2] != nil {
		t.Errorf("got %v", errs)
	}
	o.logged(2)
}

// On one core whoever was told an outcome must get the chance to come back before
// the writer looks again, or each transaction would pay for a commit of its own.
func TestGroupsFormOnOneCore(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	before := o.Stats()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for range 20 {
				if err := o.Do(context.Background(), exec("INSERT INTO entry VALUES (NULL)")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	after := o.Stats()
	if members, commits := after.Members-before.Members, after.Commits-before.Commits; commits*8 > members {
		t.Errorf("%d transactions took %d commits", members, commits)
	}
}

// A context that ends inside a group ends nobody else's transaction, also where the
// closure prepared its statement itself and runs it under that context.
func TestCancelledContextInAGroup(t *testing.T) {
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	ctx, cancel := context.WithCancel(context.Background())
	errs := o.group(
		exec("INSERT INTO entry VALUES (1)"),
		func(tx *store.Tx) error {
			st, err := tx.SQL().PrepareContext(ctx, `INSERT INTO entry
				WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT i FROM n`)
			if err != nil {
				return err
			}
			time.AfterFunc(5*time.Millisecond, cancel)
			_, err = st.ExecContext(ctx)
			return err
		},
		exec("INSERT INTO entry VALUES (2)"),
	)
	for i, err := range errs {
		if err != nil {
			t.Errorf("member %d: %v", i, err)
		}
	}
	if n := o.count("entry"); n != 2+299001 {
		t.Errorf("%d rows", n)
	}
}

// A caller whose context ends while it waits is told at once, and its closure does
// not run.
func TestWithdrawnWhileWaiting(t *testing.T) {
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	holding, release := make(chan struct{}), make(chan struct{})
	first := make(chan error)
	go func() {
		first <- o.Do(context.Background(), func(*store.Tx) error { close(holding); <-release; return nil })
	}()
	<-holding
	ctx, cancel := context.WithCancel(context.Background())
	second := make(chan error)
	go func() { second <- o.Do(ctx, exec("INSERT INTO entry VALUES (1)")) }()
	for o.engine.writer.queue.len() != 1 {
		runtime.Gosched()
	}
	cancel()
	if err := <-second; bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("got %v", err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if n := o.count("entry"); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// Texts beyond the bound run as well, and are not kept.
func TestPreparedStatementsAreBounded(t *testing.T) {
	o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
	err := o.Do(context.Background(), func(tx *store.Tx) error {
		for i := range maxPrepared + 50 {
			if _, err := tx.SQL().Exec(fmt.Sprintf("INSERT INTO entry VALUES (%d)", i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := o.count("entry"); n != maxPrepared+50 {
		t.Errorf("%d rows", n)
	}
	if n := len(o.engine.writer.conn.texts); n != maxPrepared {
		t.Errorf("%d statements are kept", n)
	}
}
