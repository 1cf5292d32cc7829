package store

import (
	"context"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store/driver"
)

// The driver's values that patterns handle.
type (
	// Record is a small document that a pattern keeps, with a state and a due time.
	Record = driver.Record
	// Query selects records.
	Query = driver.Query
	// Claim is a key that was taken, with the reply that was stored.
	Claim = driver.Claim
	// FollowerPosition is where a lane of a follower stands.
	FollowerPosition = driver.Position
	// LogState is a log's incarnation and bounds.
	LogState = driver.LogState
)

// Tx is one transaction of a [DB]. It belongs to the closure it was given to and
// to one goroutine.
type Tx struct {
	db       *DB
	drv      driver.Tx
	ctx      context.Context
	readOnly bool

	cause    *bailiwick.Message // what is being handled
	messages []bailiwick.Message
	after    []func()
	sql      *SQL
}

// Context returns the context of the call that began the transaction.
func (tx *Tx) Context() context.Context { return tx.ctx }

// DB returns the database.
func (tx *Tx) DB() *DB { return tx.db }

// Now returns the time by the database's clock.
func (tx *Tx) Now() time.Time { return tx.db.opts.Clock.Now() }

// Publish adds messages to the transaction. They are written last, when the
// closure has returned and all its rows are locked, so that their order is commit
// order for each key; they leave the database only after commit.
//
// Key, Type and Version must be set. ID, Time, Correlation, Causation and Trace
// are filled in where they are empty, the last three from the message being
// handled or else from the context.
func (tx *Tx) Publish(msgs ...bailiwick.Message) error {
	if tx.readOnly {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "store: publish", Err: errReadOnly, Do: "publish inside DB.Do"}
	}
	for _, m := range msgs {
		if err := Complete(tx.ctx, &m, tx.cause, tx.db.ids, tx.Now); err != nil {
			return err
		}
		m.Log = tx.db.log.name
		tx.messages = append(tx.messages, m)
	}
	return nil
}

var errReadOnly = errors.New("the transaction is read-only")

func (tx *Tx) flush() error {
	if len(tx.messages) == 0 {
		return nil
	}
	if proof.Off(proof.Atomicity) {
		db, messages := tx.db.drv, tx.messages
		tx.AfterCommit(func() {
			_ = db.Do(context.Background(), func(apart driver.Tx) error { return apart.Append(messages) })
		})
		return nil
	}
	return tx.drv.Append(tx.messages)
}

// AfterCommit has f called once the transaction is durably committed, on the
// goroutine that called Do and before Do returns; never if it is not. A process
// that dies in between does not call it: it is for wake-ups, not for effects.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// Savepoint runs fn; if it returns an error, what it did and published is undone,
// what was done before remains, and the error is returned as it is.
func (tx *Tx) Savepoint(fn func() error) error {
	messages, after := len(tx.messages), len(tx.after)
	err := tx.drv.Savepoint(fn)
	if err != nil {
		tx.messages, tx.after = tx.messages[:messages], tx.after[:after]
	}
	return err
}

// Handling runs fn as the handling of m: messages that fn publishes carry m's
// correlation and trace, and m as their cause. Followers call it.
func (tx *Tx) Handling(m *bailiwick.Message, fn func() error) error {
	before := tx.cause
	tx.cause = m
	defer func() { tx.cause = before }()
	return fn()
}

// Claim takes key in scope for the request with this hash. fresh says that it was
// free; else the claim that stands there is returned, with its stored reply, and
// a hash that differs is the code [bailiwick.KeyReused].
func (tx *Tx) Claim(scope, key string, hash []byte) (c Claim, fresh bool, err error) {
	c, fresh, err = tx.drv.Claim(scope, key, hash)
	if err == nil && !fresh && len(hash) > 0 && len(c.Hash) > 0 && string(hash) != string(c.Hash) {
		err = &bailiwick.Error{Code: bailiwick.KeyReused, Op: "store: claim " + scope + "/" + key, Err: errKeyReused,
			Do: "use a new key for a new request, or repeat the first one exactly"}
	}
	return c, fresh, err
}

var errKeyReused = errors.New("the key was used before, with another request")

// Answer stores the reply of a claim.
func (tx *Tx) Answer(scope, key string, reply []byte) error {
	return tx.drv.Answer(scope, key, reply)
}

// Get returns one record; ok is false where there is none.
func (tx *Tx) Get(kind, key string) (r Record, ok bool, err error) {
	list, err := tx.drv.List(Query{Kind: kind, Key: key, Limit: 1})
	if err != nil || len(list) == 0 {
		return Record{}, false, err
	}
	return list[0], true, nil
}

// Put writes a record by compare-and-set: Version 0 inserts; another must be the
// stored one and is counted up; an empty State deletes. A mismatch has the code
// [bailiwick.Conflict].
func (tx *Tx) Put(r Record) error { return tx.drv.Put(r) }

// List returns records in the order of their keys, or of their due times.
func (tx *Tx) List(q Query) ([]Record, error) { return tx.drv.List(q) }

// Position returns where a follower's lane stands; ok is false if it never moved.
func (tx *Tx) Position(follower string, lane int) (p FollowerPosition, ok bool, err error) {
	return tx.drv.Position(follower, lane)
}

// Positions returns where all followers in this database stand.
func (tx *Tx) Positions() ([]FollowerPosition, error) { return tx.drv.Positions() }

// Move sets a lane's position by compare-and-set; [bailiwick.Stale] means that
// somebody else moved it.
func (tx *Tx) Move(from bailiwick.Position, to FollowerPosition) error {
	if proof.Off(proof.Fencing) { // whoever believes that it holds the lease has it its way
		if stands, ok, _ := tx.drv.Position(to.Follower, to.Lane); ok {
			from, to.Term = stands.Position, max(to.Term, stands.Term)
		}
	}
	return tx.drv.Move(from, to)
}

// Lock takes an exclusive lock by name until the transaction ends.
func (tx *Tx) Lock(name string) error { return tx.drv.Lock(name) }

// SQL runs statements on the service's own tables; nil where the engine is not
// SQL.
func (tx *Tx) SQL() *SQL {
	if tx.sql == nil {
		if d := tx.drv.SQL(); d != nil {
			tx.sql = &SQL{drv: d, ctx: tx.ctx, watch: tx.db.watch}
		}
	}
	return tx.sql
}
