// Package driver is what an engine implements so that a service can own a
// database of its kind. Users never meet it: they hold a *store.DB.
//
// It is small on purpose. An engine provides eleven primitives, and every
// pattern is built from them alone: transaction (Do, Read, Savepoint, Lock),
// append to the log, stamp, read the log after a position, trim, position with
// compare-and-set, claim a key with a stored reply, lease, records by state, the
// log's state, and ownership. SQL for a service's own tables is extra, and only
// there where the engine is SQL.
//
// Package storetest is the conformance suite: each promise written here is a
// case there, and every engine passes all of it.
package driver

import (
	"context"
	"database/sql"
	"time"

	"github.com/bailiwick/bailiwick"
)

// DB is one service's database, opened, owned and migrated. Its methods may be
// called by several goroutines at once.
type DB interface {
	// Capabilities tells what this engine does differently. It never changes.
	Capabilities() Capabilities

	// Do runs fn in one read-write transaction and returns once the outcome is
	// durable: nil means committed and synced. If fn returns an error, nothing it
	// did remains and Do returns that error unwrapped.
	//
	// fn may run more than once (after a serialization failure, a deadlock, or
	// when a group of transactions that shared a commit fell apart), each time in
	// a fresh transaction, but its effects are committed at most once.
	//
	// ctx is honoured until fn starts and between its runs, never in the middle
	// of a statement. A commit whose fate cannot be found out is
	// [bailiwick.Unknown].
	Do(ctx context.Context, fn func(Tx) error) error

	// Read runs fn in a read-only snapshot. Writing primitives fail in it.
	// Cancelling ctx stops it.
	Read(ctx context.Context, fn func(Tx) error) error

	// Stamp gives seqs to messages that were committed since it last ran, at most
	// limit of them, and returns those in log order. Only engines whose
	// [Capabilities] say Stamps have work here; others return nil. The write
	// compares term with the one recorded: a lower one is [bailiwick.Stale].
	// After Stamp every committed message is stamped eventually, none twice, and
	// seqs are gapless: no reader can see a seq before all smaller ones.
	Stamp(ctx context.Context, term int64, limit int) ([]bailiwick.Message, error)

	// ReadLog returns stamped messages with seq > after in seq order, at most
	// limit. Messages that were trimmed are simply absent.
	ReadLog(ctx context.Context, after int64, limit int) ([]bailiwick.Message, error)

	// LogState returns the log's incarnation and bounds.
	LogState(ctx context.Context) (LogState, error)

	// Trim deletes messages that Trim allows and moves the low-water mark. It does
	// at most a bounded piece of work and reports whether more is left. Seqs never
	// restart, also when the log was trimmed to empty.
	Trim(ctx context.Context, t Trim) (more bool, err error)

	// Lease takes or extends the named lease for holder until ttl from now, by the
	// database's clock. Held by another and not run out, it returns that holder's
	// lease with Held false. A lease that changes hands gets a higher Term.
	// ttl 0 releases it.
	//
	// A holder that is known to be gone, because the DB that it took the lease
	// through was closed or its process was killed, has none any more: its lease is
	// returned without a holder, and whoever asks may take it at once. An engine that
	// is Shared knows that as soon as its server does; for one that lives and was
	// taken for gone the higher Term decides, as for one that was too slow.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (Lease, error)

	// OnCommit sets the function that is told of commits that appended messages,
	// in commit order and never two at a time. An engine that stamps at commit
	// passes the messages, Log, Epoch and Seq set; one that does not passes nil: a
	// nudge to call Stamp. It must be set before the first Do, and fn must not block.
	OnCommit(fn func([]bailiwick.Message))

	// Stats returns the connection pool's state.
	Stats() Stats

	// Close waits for running transactions and closes the database. What comes
	// later is [bailiwick.Closed].
	Close() error
}

// Tx is one transaction. It is used by one goroutine and not after its closure
// has returned. Its statements do not see the cancellation of any context.
type Tx interface {
	// Append writes messages, in this order, to the log (or to the staging table
	// it is stamped from). The caller appends last, after it has taken the locks
	// of the rows that the messages tell of: only then is order by id commit order
	// per key. Seq and Epoch of the arguments are not meaningful before commit.
	Append(msgs []bailiwick.Message) error

	// Position returns the position of a follower's lane; ok is false if it never
	// moved.
	Position(follower string, lane int) (p Position, ok bool, err error)

	// Positions returns all positions of all followers in this database, ordered
	// by follower and lane.
	Positions() ([]Position, error)

	// Move sets a lane's position from one value to another by compare-and-set.
	// Where it is not at from any more (or from is the zero Position and a row
	// exists), or the recorded term is higher than to.Term, it is
	// [bailiwick.Stale] and nothing is changed.
	Move(from bailiwick.Position, to Position) error

	// Claim records that key is taken in scope by the request with this hash. A
	// fresh claim commits with the transaction. A claim that exists is returned as
	// it is, with its stored reply; concurrent claims of one key wait for each
	// other. Where there are several writers, insert first, never select first:
	// MySQL's gap locks deadlock (Seata #6679).
	Claim(scope, key string, hash []byte) (c Claim, fresh bool, err error)

	// Answer stores the reply of a claim, replacing an earlier one.
	Answer(scope, key string, reply []byte) error

	// Put writes a record by compare-and-set: Version 0 inserts; another must be
	// the stored version and is counted up; State "" deletes. A mismatch is
	// [bailiwick.Conflict] and nothing is changed.
	Put(r Record) error

	// List returns records of q.Kind, ordered by key, or by due time where
	// q.DueBy is set.
	List(q Query) ([]Record, error)

	// Lock takes an exclusive lock by name until the transaction ends. Engines
	// with one writer need do nothing.
	Lock(name string) error

	// Savepoint runs fn; if it returns an error, what it did is undone, what was
	// done before remains, and the error is returned unwrapped.
	Savepoint(fn func() error) error

	// SQL runs statements on the service's own tables; nil where the engine is
	// not SQL. Placeholders are written as ?. A text without arguments may hold
	// several statements, separated by semicolons.
	SQL() SQL
}

// SQL is the part of database/sql that statements need, with the method set that
// sqlc generates against.
type SQL interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Capabilities tells in what an engine differs.
type Capabilities struct {
	// Engine is its name: "sqlite", "postgres".
	Engine string
	// SQL says that Tx.SQL is not nil.
	SQL bool
	// Stamps says that messages get their seq after commit, by Stamp.
	Stamps bool
	// Shared says that several processes may own the database at once, so that
	// workers need leases.
	Shared bool
}

// LogState is a log's incarnation and bounds.
type LogState struct {
	// Name is the log's name: "order/outbox".
	Name string `json:"log"`
	// Epoch is its present incarnation, from 1.
	Epoch int64 `json:"epoch"`
	// Head is the seq of the last stamped message, trimmed or not; 0 if none.
	Head int64 `json:"head"`
	// Low is the low-water mark: messages up to and including it may be missing.
	Low int64 `json:"low"`
	// Staged is the number of committed messages not stamped yet; -1 if unknown.
	Staged int64 `json:"staged"`
	// History lists the incarnations, oldest first.
	History []bailiwick.Fork `json:"history"`
}

// EpochAt is the incarnation to which the message at seq belongs. One that began just
// behind it has not seen it: whoever stands there stands at the end of the one before.
func (s LogState) EpochAt(seq int64) int64 {
	epoch := s.Epoch
	for i := len(s.History) - 1; i >= 0; i-- {
		epoch = s.History[i].Epoch
		if s.History[i].Seq < seq {
			break
		}
	}
	return epoch
}

// Trim says what may be deleted from a log.
type Trim struct {
	// UpTo is the last seq that every required follower has committed.
	UpTo int64
	// Forever lists types that are never deleted.
	Forever []string
	// Compact lists types of which the latest message of each key is kept.
	Compact []string
	// Limit is the most messages that one call may delete.
	Limit int
}

// Position is where a lane of a follower stands.
type Position struct {
	Follower string
	Lane     int
	// Lanes is how many lanes the follower had when the position moved.
	Lanes int
	bailiwick.Position
	// ID is the id of the message at the position, to find out that a log has
	// another past; zero if unknown.
	ID bailiwick.ID
	// Term is the fencing number of the lease under which it moved.
	Term int64
}

// Claim is a key that was taken, with what was answered.
type Claim struct {
	Hash  []byte
	Reply []byte // nil until answered
	Time  time.Time
}

// Record is a small document that a pattern keeps: a saga, a parked message.
type Record struct {
	Kind  string
	Key   string
	State string
	// Due is when somebody has to look at it again; zero if never.
	Due     time.Time
	Version int64
	Data    []byte
}

// Query selects records of one kind. Zero fields do not restrict.
type Query struct {
	Kind   string
	Key    string // exactly this key
	Prefix string // keys that begin so
	After  string // keys after this one, to page on
	States []string
	// DueBy selects records whose Due is set and not later, earliest first.
	DueBy time.Time
	// Newest reverses the order of keys.
	Newest bool
	Limit  int // 0 means no limit
}

// Lease is the right to do a job alone, for a while.
type Lease struct {
	Name   string
	Holder string
	Term   int64
	Until  time.Time
	// Held says that the caller holds it.
	Held bool
}

// Stats is the state of an engine's connections and what its commits cost.
type Stats struct {
	Open, Active, Idle, Waiting, Max int
	// Commits counts durable commits; Members counts the transactions that shared
	// them; Syncs counts file syncs where the engine knows of them.
	Commits, Members, Syncs int64
}
