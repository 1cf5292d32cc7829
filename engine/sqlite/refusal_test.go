package sqlite

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// contents reads every file of a directory.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = text
	}
	return files
}

func unchanged(t *testing.T, dir string, before map[string][]byte) {
	t.Helper()
	after := contents(t, dir)
	for name, text := range before {
		if filepath.Ext(name) == ".db-shm" {
			continue // shared memory of who has the file open, not data
		}
		if have, ok := after[name]; !ok || !bytes.Equal(have, text) {
			t.Errorf("%s was touched", name)
		}
	}
	for name := range after {
		if _, ok := before[name]; !ok {
			t.Errorf("%s was left behind", name)
		}
	}
}

// A file that is refused is the same afterwards, byte for byte, and nothing new
// lies beside it.
func TestRefusalTouchesNothing(t *testing.T) {
	ctx := context.Background()
	second := append(ledger[:1:1], store.Migration{Version: 2, Name: "more", SQL: "CREATE TABLE more (id INTEGER PRIMARY KEY)"})
	edited := []store.Migration{{Version: 1, Name: "ledger", SQL: ledger[0].SQL + " -- edited"}}
	service := func(t *testing.T, path string) {
		db, err := Open(ctx, path, Options{Owner: "order", Migrations: second})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text := func(content string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name string
		make func(*testing.T, string)
		opts Options
		code bailiwick.Code
	}{
		{"another owner", service, Options{Owner: "payment", Migrations: second}, bailiwick.WrongOwner},
		{"newer service schema", service, Options{Owner: "order", Migrations: ledger}, bailiwick.SchemaNewer},
		{"edited migration", service, Options{Owner: "order", Migrations: append(edited, second[1])}, bailiwick.SchemaChanged},
		{"newer library schema", func(t *testing.T, path string) {
			service(t, path)
			alter(t, path, "INSERT INTO bailiwick_migrations VALUES ('bailiwick', 99, 'future', 'x', 0)")
		}, Options{Owner: "order", Migrations: second}, bailiwick.SchemaNewer},
		{"killed owner, another service", func(t *testing.T, path string) {
			service(t, path)
			kill(t, path, second)
		}, Options{Owner: "payment", Migrations: second}, bailiwick.WrongOwner},
		{"text", text("invoice;code\n1;2\n" + string(make([]byte, 200))), Options{Owner: "order"}, bailiwick.NotDatabase},
		{"short text", text("hello"), Options{Owner: "order"}, bailiwick.NotDatabase},
		{"header alone", text("SQLite format 3\x00"), Options{Owner: "order"}, bailiwick.NotDatabase},
		{"header and rubbish", text("SQLite format 3\x00" + string(bytes.Repeat([]byte{0xab}, 4096))), Options{Owner: "order"}, bailiwick.NotDatabase},
		{"offline without a file", func(*testing.T, string) {}, Options{Offline: true}, bailiwick.NotFound},
		{"read-only without a file", func(*testing.T, string) {}, Options{ReadOnly: true}, bailiwick.NotFound},
		{"read-only of another owner", service, Options{Owner: "payment", ReadOnly: true}, bailiwick.WrongOwner},
		{"without an owner", service, Options{}, bailiwick.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "order.db")
			c.make(t, path)
			before := contents(t, dir)
			db, err := Open(ctx, path, c.opts)
			if err == nil {
				db.Close()
			}
			if got := bailiwick.CodeOf(err); got != c.code {
				t.Fatalf("got %v, want the code %s", err, c.code)
			}
			unchanged(t, dir, before)
		})
	}
}

// alter changes a database behind the engine's back.
func alter(t *testing.T, path, statement string) {
	t.Helper()
	c, err := connect(context.Background(), dsn(path, url.Values{}), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

// kill leaves a database as a killed owner does: with a write-ahead log that nobody
// copied into the file.
func kill(t *testing.T, path string, migrations []store.Migration) {
	t.Helper()
	dir := t.TempDir()
	db, err := Open(context.Background(), path, Options{Owner: "order", Migrations: migrations})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Do(context.Background(), exec("INSERT INTO ledger (account, amount) VALUES ('a', 1)")); err != nil {
		t.Fatal(err)
	}
	for name, text := range contents(t, filepath.Dir(path)) {
		if filepath.Ext(name) == ".db-shm" {
			continue // a machine that went down keeps none
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range contents(t, dir) {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What a killed owner committed is there when it starts again, its lock is free.
func TestRestartAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "order.db")
	kill(t, path, ledger)
	if info, running, err := ReadLock(path); running || err != nil || info.Owner != "order" {
		t.Errorf("the lock says %+v, running %v (%v)", info, running, err)
	}
	o := openBoth(t, path, ledger)
	if n := o.count("ledger"); n != 1 {
		t.Errorf("%d rows", n)
	}
	if state, err := o.Log().State(context.Background()); err != nil || state.Head != 1 {
		t.Errorf("the log is %+v (%v)", state, err)
	}
}

func TestRunningOwner(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "order.db")
	db, err := Open(ctx, path, Options{Owner: "order", Migrations: ledger})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode is %v (%v)", info.Mode(), err)
	}
	if err := Announce(path, "unix:/run/order.sock"); err != nil {
		t.Fatal(err)
	}
	info, running, err := ReadLock(path)
	if want := (LockInfo{Owner: "order", PID: os.Getpid(), Admin: "unix:/run/order.sock"}); err != nil || !running || info != want {
		t.Errorf("the lock says %+v, running %v (%v)", info, running, err)
	}
	text, err := os.ReadFile(path + ".lock")
	if err != nil || !json.Valid(text) {
		t.Errorf("the side file holds %q (%v)", text, err)
	}
	before := contents(t, dir)
	for _, opts := range []Options{{Owner: "order", Migrations: ledger}, {Owner: "payment"}, {Offline: true}} {
		other, err := Open(ctx, path, opts)
		if err == nil {
			other.Close()
		}
		if bailiwick.CodeOf(err) != bailiwick.Locked {
			t.Errorf("with %+v: got %v", opts, err)
		}
	}
	unchanged(t, dir, before)

	// Looking at it needs no lock, and shows what was committed meanwhile.
	look, err := Open(ctx, path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Do(ctx, exec("INSERT INTO ledger (account, amount) VALUES ('a', 1)")); err != nil {
		t.Fatal(err)
	}
	if state, err := look.Log().State(ctx); err != nil || state.Head != 1 || state.Name != "order/outbox" || look.Owner() != "order" {
		t.Errorf("read-only, %s has the log %+v (%v)", look.Owner(), state, err)
	}
	if err := look.Do(ctx, exec("DELETE FROM ledger")); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("writing read-only: %v", err)
	}
	if err := look.Close(); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if files := contents(t, dir); len(files) != 1 {
		t.Errorf("after Close there are %d files", len(files))
	}
	if err := Announce(path, "x"); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("announcing without an owner: %v", err)
	}
	if _, running, err := ReadLock(path); running || err != nil {
		t.Errorf("nobody runs, but %v (%v)", running, err)
	}
}

// Looking at a database that nobody runs leaves no trace.
func TestReadOnlyLeavesNoTrace(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	path := filepath.Join(dir, "order.db")
	db, err := Open(ctx, path, Options{Owner: "order", Migrations: ledger})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	look, err := Open(ctx, path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := look.Log().State(ctx); err != nil {
		t.Error(err)
	}
	if err := look.Close(); err != nil {
		t.Error(err)
	}
	unchanged(t, dir, before)
}

// Whoever looks at a resting database does not take away what an owner that came
// and was killed meanwhile has committed.
func TestLookingOutlivesAnOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "order.db")
	openBoth(t, path, ledger).Close()
	look, err := Open(context.Background(), path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	kill(t, path, ledger)
	if err := look.Close(); err != nil {
		t.Fatal(err)
	}
	o := openBoth(t, path, ledger)
	if n := o.count("ledger"); n != 1 {
		t.Errorf("%d rows are left of what was committed", n)
	}
}

// Of several who look at a resting database the last one clears up: the others
// still use what lies beside the file.
func TestTheLastLookerClearsUp(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "order.db")
	openBoth(t, path, ledger).Close()
	before := contents(t, dir)
	var looks [2]*store.DB
	for i := range looks {
		var err error
		if looks[i], err = Open(context.Background(), path, Options{ReadOnly: true}); err != nil {
			t.Fatal(err)
		}
	}
	beside := len(contents(t, dir))
	if err := looks[0].Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(contents(t, dir)); n != beside {
		t.Errorf("of %d files %d are left to who still looks", beside, n)
	}
	if err := looks[1].Close(); err != nil {
		t.Fatal(err)
	}
	unchanged(t, dir, before)
}

// By hand, without knowing the service's migrations or name, under its lock.
func TestOffline(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "order.db")
	openBoth(t, path, ledger).Close()
	db, err := Open(ctx, path, Options{Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, running, err := ReadLock(path); !running || err != nil {
		t.Errorf("the lock is not held (%v)", err)
	}
	if err := db.Do(ctx, exec("INSERT INTO ledger (account, amount) VALUES ('a', 1)")); err != nil || db.Owner() != "order" {
		t.Errorf("as %s: %v", db.Owner(), err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	o := openBoth(t, path, ledger)
	if n := o.count("ledger"); n != 1 {
		t.Errorf("%d rows", n)
	}
}
