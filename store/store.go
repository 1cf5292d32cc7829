// Package store is the one database that a service owns: its transactions, its
// log, its followers' positions, and who may open it.
//
// Engines open it (sqlite.Open, postgres.Open) and return a *[DB]. A service
// changes its tables and publishes messages in one closure:
//
//	err := db.Do(ctx, func(tx *store.Tx) error {
//		if _, err := tx.SQL().Exec(`UPDATE account SET balance = balance - ? WHERE id = ?`, amount, id); err != nil {
//			return err
//		}
//		return tx.Publish(bailiwick.Message{Key: id, Type: "account.debited", Version: 1, Data: data})
//	})
//
// The change and the message commit together, or neither does. What was
// published stands in the database's [Log], from where followers of other
// services read it.
package store

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Options tune a DB. The zero value is ready to use.
type Options struct {
	// Clock is where times of messages come from; nil means the system's.
	Clock bailiwick.Clock
	// Rand is where the random bits of ids come from; nil means crypto/rand.
	Rand io.Reader
	// Logger receives slow queries and the troubles of background work; nil means
	// slog.Default().
	Logger *slog.Logger
	// Observer is told of every query, for metrics; nil means nobody is.
	Observer Observer
	// SlowQuery is the duration from which a query is logged, without its
	// arguments; 0 means 500 ms, negative means never.
	SlowQuery time.Duration
	// Retention says how long messages stay in the log.
	Retention Retention
	// RingBytes bounds the memory that recent messages take while they wait for
	// followers in this process; 0 means 8 MiB.
	RingBytes int
}

// DB is the one database that a service owns. Its methods may be called by
// several goroutines at once.
type DB struct {
	drv   driver.DB
	owner string
	opts  Options
	ids   *bailiwick.IDs
	log   *Log
	watch *watcher

	closing sync.Once
	closed  error
}

// New makes a DB of an opened driver. Engines call it; users call an engine's
// Open. owner is the recorded name of the service that owns the database.
func New(drv driver.DB, owner string, opts Options) *DB {
	if opts.Clock == nil {
		opts.Clock = bailiwick.SystemClock{}
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.SlowQuery == 0 {
		opts.SlowQuery = 500 * time.Millisecond
	}
	if opts.RingBytes == 0 {
		opts.RingBytes = 8 << 20
	}
	db := &DB{
		drv:   drv,
		owner: owner,
		opts:  opts,
		ids:   &bailiwick.IDs{Now: opts.Clock.Now, Rand: opts.Rand},
		watch: newWatcher(opts),
	}
	db.log = newLog(db)
	drv.OnCommit(db.log.committed)
	return db
}

// Owner returns the name of the service that owns the database.
func (db *DB) Owner() string { return db.owner }

// Clock returns where this database's times come from.
func (db *DB) Clock() bailiwick.Clock { return db.opts.Clock }

// Logger returns where this database's troubles are told.
func (db *DB) Logger() *slog.Logger { return db.opts.Logger }

// NewID returns a new id from the database's clock and random source.
func (db *DB) NewID() bailiwick.ID { return db.ids.New() }

// Log returns the database's log.
func (db *DB) Log() *Log { return db.log }

// Capabilities tells what the engine does differently.
func (db *DB) Capabilities() driver.Capabilities { return db.drv.Capabilities() }

// Do runs fn in one read-write transaction and returns once its outcome is
// durable. If fn returns an error, nothing it did remains and Do returns that
// error as it is.
//
// fn may run again after a serialization failure, a deadlock, or when a group of
// transactions that shared a commit fell apart. So it touches nothing but its
// transaction, sets variables outside only by plain assignment, and never calls
// another service. Functions given to [Tx.AfterCommit] run once, after the
// commit.
//
// ctx is honoured until fn starts; from then on Do waits for the outcome, because
// a caller that went away would not know it. A commit whose fate cannot be found
// out has the code [bailiwick.Unknown].
func (db *DB) Do(ctx context.Context, fn func(tx *Tx) error) error {
	var done []func()
	err := db.drv.Do(ctx, func(dtx driver.Tx) error {
		tx := &Tx{db: db, drv: dtx, ctx: ctx}
		err := fn(tx)
		if err == nil {
			err = tx.flush()
		}
		done = tx.after
		tx.drv = nil
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range done {
		f()
	}
	return nil
}

// Read runs fn in a read-only snapshot of the database. Cancelling ctx stops it.
func (db *DB) Read(ctx context.Context, fn func(tx *Tx) error) error {
	return db.drv.Read(ctx, func(dtx driver.Tx) error {
		tx := &Tx{db: db, drv: dtx, ctx: ctx, readOnly: true}
		defer func() { tx.drv = nil }()
		return fn(tx)
	})
}

// Lease takes or extends a named lease of the database for holder; see
// [driver.DB].Lease. Workers of a database that several processes own need one.
func (db *DB) Lease(ctx context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	return db.drv.Lease(ctx, name, holder, ttl)
}

// Stats returns the state of the connections and what commits cost.
func (db *DB) Stats() driver.Stats { return db.drv.Stats() }

// Run does the database's background work until ctx ends: it stamps messages
// where the engine does that after commit, writes down how far followers have
// come, and trims the log. A database that nobody runs loses nothing; its log
// grows, and where the engine stamps after commit nobody hears of its messages.
func (db *DB) Run(ctx context.Context) error { return db.log.run(ctx) }

// Close waits for running transactions, then closes the database.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.log.close()
		db.closed = db.drv.Close()
	})
	return db.closed
}
