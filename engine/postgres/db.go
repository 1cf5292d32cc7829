package postgres

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/jackc/pgx/v5"
)

// db is one service's database in PostgreSQL. It implements [driver.DB].
type db struct {
	pool     *sql.DB
	ours     bool // Close closes the pool
	opts     Options
	schema   string    // quoted
	alone    *sql.Conn // holds the exclusive lock; nil where ownership is shared
	presence presence  // of the pool's connections
	texts    texts     // the service's statements
	own      texts     // this package's statements

	lookFor time.Duration // see the constant

	migrated atomic.Bool // the schema was looked at, so that connections join
	noLog    bool        // a guest that only follows has none
	noInbox  bool        // a guest that only publishes has none

	waiting atomic.Int64
	commits atomic.Int64

	nudging sync.Mutex // OnCommit's function is not called twice at a time
	nudge   func([]bailiwick.Message)

	sweeping sweeper

	closing sync.Mutex
	closed  bool
	running sync.WaitGroup // calls that have entered
}

func newDB(pool *sql.DB, ours bool, opts Options) *db {
	return &db{
		pool:     pool,
		ours:     ours,
		opts:     opts,
		schema:   pgx.Identifier{opts.Schema}.Sanitize(),
		lookFor:  lookFor,
		sweeping: sweeper{debt: sweepBatch}, // a process that died may have left some
	}
}

// Capabilities tells what this engine does differently.
func (d *db) Capabilities() driver.Capabilities {
	return driver.Capabilities{Engine: "postgres", SQL: true, Stamps: true, Shared: true}
}

// OnCommit sets the function that is nudged after a commit that appended.
func (d *db) OnCommit(fn func([]bailiwick.Message)) { d.nudge = fn }

// tell nudges whoever stamps. Messages have no seq yet, so there are none to pass.
func (d *db) tell() {
	if d.nudge == nil {
		return
	}
	d.nudging.Lock()
	defer d.nudging.Unlock()
	d.nudge(nil)
}

// Stats returns the pool's state and the number of commits.
func (d *db) Stats() driver.Stats {
	s := d.pool.Stats()
	n := d.commits.Load()
	return driver.Stats{Open: s.OpenConnections, Active: s.InUse, Idle: s.Idle,
		Waiting: int(d.waiting.Load()), Max: s.MaxOpenConnections, Commits: n, Members: n}
}

// enter counts a call that Close has to wait for; leave ends it.
func (d *db) enter(op string) error {
	d.closing.Lock()
	defer d.closing.Unlock()
	if d.closed {
		return closed(op)
	}
	d.running.Add(1)
	return nil
}

func (d *db) leave() { d.running.Done() }

// Close waits for running transactions, then gives up ownership. A pool that was
// handed to Wrap stays open, and its connections hold on to their share of the
// ownership until they are closed.
func (d *db) Close() error {
	d.closing.Lock()
	was := d.closed
	d.closed = true
	d.closing.Unlock()
	if was {
		return nil
	}
	d.running.Wait()
	if d.alone != nil {
		unlock(context.Background(), d.alone, d.ownership())
		d.alone.Close()
	}
	if !d.ours {
		return nil
	}
	return failure("postgres: close", d.pool.Close())
}

// q returns a statement of this package with its tables in the right schema,
// whatever the search path of a connection is.
func (d *db) q(text string) string {
	return d.own.get(text, func(text string) string {
		return strings.ReplaceAll(text, "bailiwick_", d.schema+".bailiwick_")
	})
}
