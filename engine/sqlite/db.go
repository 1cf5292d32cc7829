package sqlite

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// DB is an opened file. Users hold the *store.DB that stands above it.
type DB struct {
	path     string
	log      string // the log's name
	clock    bailiwick.Clock
	lock     *lock // nil when read-only
	readOnly bool

	writer       *writer
	readers      *readers
	checkpointer *checkpointer
	listener     *listener // where the service's own connections write too; else nil
	noLog        bool      // a guest that only follows has none
	noInbox      bool      // a guest that only publishes has none

	// Pages written since the log last began anew, and how many they were when a
	// checkpoint was last asked for and last forced. The writer's alone.
	written, nudged, forced int64

	closing sync.Once
	closed  error
}

var _ driver.DB = (*DB)(nil)

// newDB puts the parts together. Nothing is opened yet.
func newDB(path string, opts Options, lock *lock) *DB {
	db := &DB{path: path, clock: opts.Store.Clock, lock: lock, readOnly: opts.ReadOnly}
	db.name(opts.Owner)
	db.readers = newReaders(opts.Readers, func(ctx context.Context) (*conn, error) {
		return connect(ctx, dsn(path, readerSettings(opts.ReadOnly)), nil)
	})
	if opts.ReadOnly {
		return db
	}
	db.writer = &writer{
		queue:   newQueue(),
		inserts: map[int]string{},
		db:      db,
		stopped: make(chan struct{}),
		wrote:   db.wrote,
		open: func(h hooks) (*conn, error) {
			return connect(bare, dsn(path, writerSettings(opts.Synchronous)), h.dress)
		},
	}
	if opts.Synchronous == Full {
		db.writer.syncs = 1
	}
	db.checkpointer = newCheckpointer(func(ctx context.Context) (*conn, error) {
		return connect(ctx, dsn(path, url.Values{"_pragma": syncSettings(opts.Synchronous)}), nil)
	}, &db.writer.stats.syncs, opts.Synchronous != Off)
	return db
}

func (db *DB) name(owner string) { db.log = store.LogName(owner) }

// Capabilities tells what is particular to SQLite.
func (db *DB) Capabilities() driver.Capabilities {
	return driver.Capabilities{Engine: "sqlite", SQL: true, Stamps: db.listener != nil}
}

var errReadOnly = errors.New("the database was opened read-only")

func readOnly(op string) error {
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errReadOnly, Do: "write inside DB.Do, on a database that was not opened read-only"}
}

// Do runs fn in a transaction on the writer.
func (db *DB) Do(ctx context.Context, fn func(driver.Tx) error) error {
	const op = "sqlite: transaction"
	if db.readOnly {
		return readOnly(op)
	}
	return db.writer.do(ctx, op, func(t *tx) error { return fn(t) })
}

// change runs one of this package's own transactions.
func (db *DB) change(ctx context.Context, op string, fn func(*tx) error) error {
	if db.readOnly {
		return readOnly(op)
	}
	return failure(op, db.writer.do(ctx, op, fn))
}

// Read runs fn in a snapshot.
func (db *DB) Read(ctx context.Context, fn func(driver.Tx) error) error {
	return db.readers.do(ctx, "sqlite: read", func(c *conn) error {
		t := &tx{db: db, statements: statements{conn: c, ctx: ctx}}
		defer t.end()
		return fn(t)
	})
}

// OnCommit sets who is told of appended messages.
func (db *DB) OnCommit(fn func([]bailiwick.Message)) {
	if db.writer != nil {
		db.writer.tell = fn
	}
}

// wrote is told by the writer of each commit.
func (db *DB) wrote() {
	db.written += pagesWritten(db.writer.conn)
	switch {
	case db.written >= db.forced+checkpointCap:
		// Where a reader holds the log's end, the next attempt comes a cap later.
		if all, err := db.checkpointer.checkpoint(db.writer.conn, "PASSIVE"); all && err == nil {
			db.written, db.nudged, db.forced = 0, 0, 0
		} else {
			db.forced = db.written
		}
	case db.written >= db.nudged+checkpointPages:
		db.nudged = db.written
		db.checkpointer.nudge()
	}
}

// Stats returns the state of the connections and what commits cost.
func (db *DB) Stats() driver.Stats {
	open, idle, waiting := db.readers.counts()
	s := driver.Stats{Open: open, Active: open - idle, Idle: idle, Waiting: waiting, Max: cap(db.readers.tokens)}
	if w := db.writer; w != nil {
		s.Open, s.Max = s.Open+1, s.Max+1
		if queued := w.queue.len(); queued > 0 {
			s.Waiting += queued
			s.Active++
		} else {
			s.Idle++
		}
		s.Commits, s.Members, s.Syncs = w.stats.commits.Load(), w.stats.members.Load(), w.stats.syncs.Load()
	}
	return s
}

// Close waits for running transactions, copies the write-ahead log into the file
// and gives the lock back.
func (db *DB) Close() error {
	db.closing.Do(func() { db.closed = db.close() })
	return db.closed
}

func (db *DB) close() error {
	if db.readOnly {
		err := db.readers.close()
		db.tidy()
		return failure("sqlite: close", err)
	}
	db.writer.queue.close()
	<-db.writer.stopped
	err := db.readers.close()
	db.checkpointer.end()
	how := "TRUNCATE"
	if db.listener != nil {
		db.listener.close()
		how = "PASSIVE" // the service's own connections go on, and are not waited for
	}
	if db.writer.conn != nil {
		// The last connection to close would do it as well, but not say whether it did.
		_, truncated := db.checkpointer.checkpoint(db.writer.conn, how)
		err = errors.Join(err, truncated, db.writer.conn.close())
	}
	return failure("sqlite: close", errors.Join(err, db.lock.release(false)))
}

// tidy removes what looking at a database that nobody runs made SQLite create.
func (db *DB) tidy() {
	if len(strays(db.path)) == 0 || !logEmpty(db.path) {
		return
	}
	// A running owner uses these files, and is not waited for.
	if _, running, err := ReadLock(db.path); running || err != nil {
		return
	}
	lock, err := takeLock(bare, db.path)
	if err != nil {
		return
	}
	clearUp(db.path)
	_ = lock.release(true)
}
