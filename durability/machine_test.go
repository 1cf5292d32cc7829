package durability

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

// The bank moves money between its accounts and tells of it; the ledger follows.
// Both stand on one machine, so that one power cut meets both.
const (
	accounts = 8
	deposit  = 1000
	moved    = "bank.moved"
)

// transfer is a row of the bank, and the message that tells of it.
type transfer struct {
	ID     string `json:"id"`
	From   int    `json:"from"`
	To     int    `json:"to"`
	Amount int64  `json:"amount"`
	Memo   []byte `json:"memo"`
}

// What the machine tells the world, in the order of the tape.
type (
	tried   struct{ transfer } // a transaction begins
	done    struct{ id string }
	refused struct{ id string }
	applied struct{ seq int64 } // the ledger has committed a message
)

// machine runs the two services on the files of a directory.
type machine struct {
	tell   func(any)
	bank   *store.DB
	ledger *store.DB

	stop     context.CancelFunc
	stopped  chan error
	mu       sync.Mutex
	at       int64         // the last message that the ledger committed
	progress chan struct{} // closed and replaced when at moves
}

// start opens the databases in a directory; what happens is told.
func start(dir string, level sqlite.Synchronous, tell func(any)) (*machine, error) {
	m := &machine{tell: tell, progress: make(chan struct{})}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	open := func(owner, sql string) (*store.DB, error) {
		return sqlite.Open(context.Background(), filepath.Join(dir, owner+".db"), sqlite.Options{Owner: owner, Synchronous: level,
			Migrations: []store.Migration{{Version: 1, Name: "tables", SQL: sql}},
			Store:      store.Options{Logger: quiet}})
	}
	var err error
	if m.bank, err = open("bank", fmt.Sprintf(`
		CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
		INSERT INTO account WITH RECURSIVE n (id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM n WHERE id < %d) SELECT id, %d FROM n;
		CREATE TABLE transfer (id TEXT PRIMARY KEY, debit INTEGER NOT NULL, credit INTEGER NOT NULL, amount INTEGER NOT NULL, memo BLOB);
		CREATE TABLE ballast (id INTEGER PRIMARY KEY, data BLOB)`,
		accounts-1, deposit)); err != nil {
		return nil, err
	}
	if m.ledger, err = open("ledger", `CREATE TABLE entry (seq INTEGER NOT NULL, id TEXT NOT NULL, account INTEGER NOT NULL, delta INTEGER NOT NULL)`); err != nil {
		return nil, errors.Join(err, m.bank.Close())
	}
	return m, nil
}

// follow lets the ledger follow the bank, until close.
func (m *machine) follow() error {
	ctx, stop := context.WithCancel(context.Background())
	m.stop, m.stopped = stop, make(chan error, 1)
	feed, err := m.bank.Log().Feed(ctx, store.Subscriber{Name: "ledger", Types: []string{moved}})
	if err != nil {
		m.stopped <- nil
		return err
	}
	f := &follow.Follower{DB: m.ledger, Source: feed, Batch: 4, Handlers: follow.Handlers{moved: m.handle}}
	go func() { m.stopped <- f.Run(ctx) }()
	return nil
}

// handle enters the transfer that a message tells of.
func (m *machine) handle(tx *store.Tx, msg *bailiwick.Message) error {
	t, err := parse(msg)
	if err != nil {
		return err
	}
	seq := msg.Seq
	tx.AfterCommit(func() {
		m.tell(applied{seq})
		m.mu.Lock()
		defer m.mu.Unlock()
		m.at = seq
		close(m.progress)
		m.progress = make(chan struct{})
	})
	return enter(tx, seq, t)
}

// enter writes the two entries of a transfer.
func enter(tx *store.Tx, seq int64, t transfer) error {
	_, err := tx.SQL().Exec("INSERT INTO entry VALUES (?, ?, ?, ?), (?, ?, ?, ?)", seq, t.ID, t.From, -t.Amount, seq, t.ID, t.To, t.Amount)
	return err
}

// settle waits until the ledger has applied the bank's log up to seq. It fails if
// the follower stops before.
func (m *machine) settle(ctx context.Context, seq int64) error {
	for {
		m.mu.Lock()
		at, progress := m.at, m.progress
		m.mu.Unlock()
		if at >= seq {
			return nil
		}
		select {
		case <-progress:
		case err := <-m.stopped:
			m.stopped <- err
			return fmt.Errorf("the follower stopped at %d of %d: %w", at, seq, err)
		case <-ctx.Done():
			return fmt.Errorf("the follower is at %d of %d: %w", at, seq, ctx.Err())
		}
	}
}

var errRefused = errors.New("refused")

// transfer moves money in one transaction, with its message. One with a negative
// amount is refused after it was written.
func (m *machine) transfer(t transfer) error {
	m.tell(tried{t})
	err := m.bank.Do(context.Background(), func(tx *store.Tx) error {
		if err := write(tx, t); err != nil {
			return err
		}
		if t.Amount < 0 {
			return errRefused
		}
		return publish(tx, t)
	})
	switch {
	case errors.Is(err, errRefused):
		m.tell(refused{t.ID})
		return nil
	case err == nil:
		m.tell(done{t.ID})
	}
	return err
}

func write(tx *store.Tx, t transfer) error {
	if _, err := tx.SQL().Exec("UPDATE account SET balance = balance - ? WHERE id = ?", t.Amount, t.From); err != nil {
		return err
	}
	if _, err := tx.SQL().Exec("UPDATE account SET balance = balance + ? WHERE id = ?", t.Amount, t.To); err != nil {
		return err
	}
	_, err := tx.SQL().Exec("INSERT INTO transfer VALUES (?, ?, ?, ?, ?)", t.ID, t.From, t.To, t.Amount, t.Memo)
	return err
}

func publish(tx *store.Tx, t transfer) error {
	return outbox.Publish(tx, moved, 1, fmt.Sprint(t.From), t)
}

// draw returns a transfer, of which one in eight is to be refused and one in ten is
// so large that it takes several pages.
func draw(id string, chance *rand.Rand) transfer {
	t := transfer{ID: id, From: chance.IntN(accounts), To: chance.IntN(accounts), Amount: 1 + chance.Int64N(9)}
	if chance.IntN(8) == 0 {
		t.Amount = -t.Amount
	}
	if chance.IntN(10) == 0 {
		t.Memo = make([]byte, 2000+chance.IntN(8000))
		for i := range t.Memo {
			t.Memo[i] = byte(chance.Uint32())
		}
	}
	return t
}

// close stops the follower and closes the databases.
func (m *machine) close() error {
	var err error
	if m.stop != nil {
		m.stop()
		err = <-m.stopped
	}
	return errors.Join(err, m.ledger.Close(), m.bank.Close())
}

// unpack writes an image into a directory.
func unpack(image disk.Image, dir string) error {
	for name, content := range image {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
