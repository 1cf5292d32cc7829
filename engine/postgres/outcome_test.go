package postgres

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// wire is the network between a program and its server. It can lose a COMMIT on
// its way there, or the answer on its way back.
type wire struct {
	listener net.Listener
	server   string

	mu       sync.Mutex
	loseNext bool // the next COMMIT
	loseBack bool // the answer to it
	dead     bool // nothing gets through any more
	conns    []net.Conn
	all      sync.WaitGroup
}

// newWire returns the URL that leads through it.
func newWire(t *testing.T, url string) (*wire, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := url[strings.Index(url, "@")+1:]
	address = address[:strings.Index(address, "/")]
	w := &wire{listener: l, server: address}
	w.all.Go(w.accept)
	t.Cleanup(func() { l.Close(); w.cut(); w.all.Wait() })
	return w, strings.Replace(url, address, l.Addr().String(), 1)
}

func (w *wire) accept() {
	for {
		program, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.server)
		if err != nil {
			program.Close()
			continue
		}
		w.mu.Lock()
		if w.dead {
			program.Close()
			server.Close()
		}
		w.conns = append(w.conns, program, server)
		w.mu.Unlock()
		answered := make(chan struct{})
		w.all.Go(func() { w.there(program, server, answered) })
		w.all.Go(func() { w.back(server, program, answered) })
	}
}

// there carries what the program says. Of a COMMIT that is to be lost, the
// program's side breaks at once and the server's stays open, as when a cable is
// pulled.
func (w *wire) there(program, server net.Conn, answered chan struct{}) {
	buf := make([]byte, 64<<10)
	for {
		n, err := program.Read(buf)
		if err != nil {
			return
		}
		commit := strings.Contains(string(buf[:n]), "Q\x00\x00\x00\x0bcommit\x00") // the message Query
		w.mu.Lock()
		lose, back := commit && w.loseNext, commit && w.loseBack
		if lose || back {
			w.loseNext, w.loseBack = false, false
		}
		w.mu.Unlock()
		if lose {
			program.Close()
			return
		}
		if back {
			close(answered) // the next that the server says is not carried
		}
		if _, err := server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (w *wire) back(server, program net.Conn, answered chan struct{}) {
	buf := make([]byte, 64<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			program.Close()
			return
		}
		select {
		case <-answered:
			program.Close()
			return
		default:
		}
		if _, err := program.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.conns {
		c.Close()
	}
}

func (w *wire) lose(commit, answer bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loseNext, w.loseBack = commit, answer
}

var entries = []store.Migration{{Version: 1, Name: "entries", SQL: "CREATE TABLE entry (n int PRIMARY KEY, at text)"}}

// count runs a transaction that writes one row and n messages, and returns how
// often its closure ran.
func insert(d *db, n int, msgs ...bailiwick.Message) (runs int, err error) {
	err = d.Do(context.Background(), func(tx driver.Tx) error {
		runs++
		if _, err := tx.SQL().ExecContext(context.Background(), "INSERT INTO entry (n) VALUES (?)", n); err != nil {
			return err
		}
		return tx.Append(msgs)
	})
	return runs, err
}

// The answer to COMMIT is lost: the server is asked, and the transaction, which
// was committed, is not run again.
func TestLostAnswerIsLookedUp(t *testing.T) {
	url := server.Database(t)
	direct := opened(t, url, Options{Migrations: entries})
	w, through := newWire(t, url)
	d := opened(t, through, Options{Migrations: entries})
	for n, msgs := range [][]bailiwick.Message{{message("k", 1)}, nil} { // with an id that Append told, and without
		w.lose(false, true)
		if runs, err := insert(d, n, msgs...); runs != 1 || err != nil {
			t.Errorf("it ran %d times: %v", runs, err)
		}
	}
	var rows int
	if err := direct.pool.QueryRow("SELECT count(*) FROM entry").Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d rows: %v", rows, err)
	}
	wantLog(t, stampAll(t, direct, 1, 10), 1)
}

// COMMIT itself is lost and the server waits for it in vain: its session is ended,
// and the transaction, which then is undone for certain, run again.
func TestLostCommitIsRunAgain(t *testing.T) {
	url := server.Database(t)
	direct := opened(t, url, Options{Migrations: entries})
	w, through := newWire(t, url)
	d := opened(t, through, Options{Migrations: entries})
	w.lose(true, false)
	if runs, err := insert(d, 1, message("k", 1)); runs != 2 || err != nil {
		t.Errorf("it ran %d times: %v", runs, err)
	}
	wantLog(t, stampAll(t, direct, 1, 10), 1)
}

// A session that is ended while its transaction runs has changed nothing.
func TestEndedSessionIsRunAgain(t *testing.T) {
	d := opened(t, server.Database(t), Options{Migrations: entries})
	runs := 0
	do(t, d, func(tx driver.Tx) error {
		runs++
		ctx := context.Background()
		if _, err := tx.SQL().ExecContext(ctx, "INSERT INTO entry (n) VALUES (?)", 1); err != nil {
			return err
		}
		if runs == 1 {
			var pid int
			if err := tx.SQL().QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
			if _, err := d.pool.Exec("SELECT pg_terminate_backend($1)", pid); err != nil {
				return err
			}
			_, err := tx.SQL().ExecContext(ctx, "SELECT pg_sleep(30)")
			if err == nil {
				t.Error("the session lived on")
			}
			return errors.New("something that hides the cause")
		}
		return nil
	})
	if runs != 2 {
		t.Errorf("it ran %d times", runs)
	}
}

// Nobody can say what became of it: then neither does Do.
func TestUnreachableServerLeavesItUnknown(t *testing.T) {
	url := server.Database(t)
	w, through := newWire(t, url)
	d := opened(t, through, Options{Migrations: entries})
	d.lookFor = lookEvery
	err := d.Do(context.Background(), func(tx driver.Tx) error {
		if _, err := tx.SQL().ExecContext(context.Background(), "INSERT INTO entry (n) VALUES (?)", 1); err != nil {
			return err
		}
		w.lose(true, false)
		w.listener.Close()
		return nil
	})
	code(t, err, bailiwick.Unknown)
}

// Two that lock each other out: the server ends one, which is run again.
func TestDeadlockIsRunAgain(t *testing.T) {
	d := opened(t, server.Database(t), Options{})
	var meet sync.WaitGroup
	meet.Add(2)
	errs := make(chan error, 2)
	for _, names := range [][2]string{{"a", "b"}, {"b", "a"}} {
		go func() {
			first := true
			errs <- d.Do(context.Background(), func(tx driver.Tx) error {
				if err := tx.Lock(names[0]); err != nil {
					return err
				}
				if first {
					first = false
					meet.Done()
					meet.Wait()
				}
				return tx.Lock(names[1])
			})
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// A constraint that is checked at COMMIT refuses for good: it is not run again.
func TestDeferredConstraint(t *testing.T) {
	d := opened(t, server.Database(t), Options{Migrations: []store.Migration{{Version: 1, Name: "a",
		SQL: "CREATE TABLE a (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)"}}})
	runs := 0
	err := d.Do(context.Background(), func(tx driver.Tx) error {
		runs++
		_, err := tx.SQL().ExecContext(context.Background(), "INSERT INTO a VALUES (1); INSERT INTO a VALUES (1)")
		return err
	})
	code(t, err, bailiwick.Invalid)
	if runs != 1 {
		t.Errorf("it ran %d times", runs)
	}
}

// A closure that drops the error of a statement must not be told that all is well.
func TestDroppedErrorIsNoCommit(t *testing.T) {
	d := opened(t, server.Database(t), Options{Migrations: entries})
	for name, last := range map[string]func(tx driver.Tx){
		"plain":    func(tx driver.Tx) { tx.SQL().ExecContext(context.Background(), "INSERT INTO nowhere VALUES (1)") },
		"prepared": func(tx driver.Tx) { tx.SQL().PrepareContext(context.Background(), "SELECT nothing FROM nowhere") },
	} {
		err := d.Do(context.Background(), func(tx driver.Tx) error {
			if _, err := tx.SQL().ExecContext(context.Background(), "INSERT INTO entry (n) VALUES (1)"); err != nil {
				return err
			}
			last(tx)
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), "nowhere") {
			t.Errorf("%s: it was told %v", name, err)
		}
	}
}
