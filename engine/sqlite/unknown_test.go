package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"modernc.org/sqlite"
)

var errDisk = errors.New("the disk failed")

// faulty is a connection whose next COMMIT reports a failure of the disk, having
// committed or not.
type faulty struct {
	driver.Conn
	fault *fault
}

type fault struct {
	armed, commits bool
}

func (f faulty) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	st, err := f.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	if err != nil || query != "COMMIT" {
		return st, err
	}
	return faultyCommit{st.(fullStmt), f.fault}, nil
}

func (f faulty) Status(op sqlite.DBStatusOp, reset bool) (int, int, error) {
	return f.Conn.(sqlite.DBStatus).Status(op, reset)
}

type faultyCommit struct {
	fullStmt
	fault *fault
}

func (c faultyCommit) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if !c.fault.armed {
		return c.fullStmt.ExecContext(ctx, args)
	}
	c.fault.armed = false
	if c.fault.commits {
		if _, err := c.fullStmt.ExecContext(ctx, args); err != nil {
			return nil, err
		}
	}
	return nil, errDisk
}

// After an I/O error at COMMIT the engine looks whether the transaction is there,
// and says so; where it cannot look, it says that it does not know.
func TestFailedCommit(t *testing.T) {
	for _, c := range []struct {
		name    string
		commits bool // the failing COMMIT did commit
		blind   bool // the database cannot be opened to look
		code    bailiwick.Code
		rows    int // in the end
	}{
		{"committed", true, false, "", 3},
		{"not committed", false, false, bailiwick.Unavailable, 1},
		{"committed, nobody can look", true, true, bailiwick.Unknown, 3},
		{"not committed, nobody can look", false, true, bailiwick.Unknown, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := openBoth(t, filepath.Join(t.TempDir(), "order.db"), families)
			f := &fault{commits: c.commits}
			w := o.engine.writer
			real := w.open
			blind := false
			// The connection is the writer's: change it where the writer runs.
			w.open = func(h hooks) (*conn, error) {
				if blind {
					return nil, errDisk
				}
				return connect(bare, dsn(o.engine.path, writerSettings(Full)), func(bare driver.Conn) driver.Conn {
					h.dress(bare)
					return shield{faulty{bare, f}}
				})
			}
			w.discard()
			if err := o.Do(context.Background(), exec("INSERT INTO entry VALUES (1)")); err != nil {
				t.Fatal(err)
			}
			f.armed, blind = true, c.blind
			errs := o.groupAfterHold(f,
				exec("INSERT INTO entry VALUES (2)"),
				exec("INSERT INTO entry VALUES (3)"),
			)
			for i, err := range errs {
				if bailiwick.CodeOf(err) != c.code {
					t.Errorf("member %d was told %v, want the code %q", i, err, c.code)
				}
			}
			if c.blind {
				err := o.Do(context.Background(), exec("INSERT INTO entry VALUES (9)"))
				if bailiwick.CodeOf(err) != bailiwick.Unavailable {
					t.Errorf("while the disk is away: %v", err)
				}
			}
			blind = false
			w.open = real
			if err := o.Do(context.Background(), func(*store.Tx) error { return nil }); err != nil {
				t.Fatalf("after the disk came back: %v", err)
			}
			if n := o.count("entry"); n != c.rows {
				t.Errorf("%d rows, want %d", n, c.rows)
			}
			o.logged(c.rows) // told as well, also where the outcome had been unknown
		})
	}
}

// groupAfterHold is group, with the failure armed for the group's commit only.
func (o *opened) groupAfterHold(f *fault, members ...func(*store.Tx) error) []error {
	f.armed = false
	first := members[0]
	members[0] = func(tx *store.Tx) error { f.armed = true; return first(tx) }
	return o.group(members...)
}

// A commit that a killed owner wrote may not have been synced. Whoever opens the
// database makes it durable before anybody reads it: by a commit on top.
func TestWhatAKilledOwnerLeftIsSealed(t *testing.T) {
	dir := t.TempDir()
	running := openBoth(t, filepath.Join(dir, "order.db"), families)
	if err := running.Do(context.Background(), exec("INSERT INTO entry VALUES (1)")); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(dir, "left.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(filepath.Join(dir, "order.db"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	was := running.engine.writer.number
	for _, want := range []int64{was + 1, was + 1} { // closed in between: nothing is left then
		o := openBoth(t, left, families)
		if n := o.engine.writer.number; n != want {
			t.Errorf("commit %d is the last, want %d", n, want)
		}
		if n := o.count("entry"); n != 1 {
			t.Errorf("%d rows", n)
		}
		if err := o.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
