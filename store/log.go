package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// Log is a database's log of messages. Followers read it through a [Feed].
type Log struct {
	db   *DB
	name string

	mu      sync.Mutex
	ring    ring
	known   bool          // state was read
	state   LogState      // Head and Low are kept up to date
	told    int64         // seq of the last message that the engine told of
	changed chan struct{} // closed and replaced when Head moves
	feeds   map[string]*Feed
	dirty   bool // a feed's acknowledged position is not written down yet

	nudge chan struct{} // a transaction that published was committed; stamp
}

func newLog(db *DB) *Log {
	return &Log{
		db:      db,
		name:    LogName(db.owner),
		ring:    ring{limit: db.opts.RingBytes},
		changed: make(chan struct{}),
		feeds:   map[string]*Feed{},
		nudge:   make(chan struct{}, 1),
	}
}

// LogName returns the name of the log of the database that owner owns:
// "order/outbox".
func LogName(owner string) string { return owner + "/outbox" }

// Name returns the log's name: "order/outbox".
func (l *Log) Name() string { return l.name }

// State reads the log's incarnation and bounds from the database.
func (l *Log) State(ctx context.Context) (LogState, error) {
	state, err := l.db.drv.LogState(ctx)
	if err != nil {
		return LogState{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	state.Head = max(state.Head, l.told) // a commit may have been told while we read
	if l.known {
		state.Head, state.Low = max(state.Head, l.state.Head), max(state.Low, l.state.Low)
	}
	l.advance(state)
	return state, nil
}

// advance takes over a newer state and wakes who waits. l.mu is held.
func (l *Log) advance(state LogState) {
	moved := !l.known || state.Head > l.state.Head
	l.state, l.known = state, true
	if moved {
		close(l.changed)
		l.changed = make(chan struct{})
	}
}

// committed is told by the driver what was committed, in commit order.
func (l *Log) committed(msgs []bailiwick.Message) {
	if msgs == nil {
		select {
		case l.nudge <- struct{}{}:
		default: // a nudge is pending already
		}
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range msgs {
		l.ring.push(&msgs[i])
	}
	l.told = max(l.told, msgs[len(msgs)-1].Seq)
	if !l.known {
		return // whoever reads the state first takes it into account
	}
	state := l.state
	state.Head = max(state.Head, l.told)
	l.advance(state)
}

// wait returns when the log's head lies beyond seq.
func (l *Log) wait(ctx context.Context, seq int64) error {
	for {
		l.mu.Lock()
		known, head, changed := l.known, l.state.Head, l.changed
		l.mu.Unlock()
		if !known {
			if _, err := l.State(ctx); err != nil {
				return err
			}
			continue
		}
		if head > seq {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// read returns what follows seq, from memory where it can.
func (l *Log) read(ctx context.Context, after bailiwick.Position, limit int, kept bool) (bailiwick.Batch, error) {
	l.mu.Lock()
	state, known := l.state, l.known
	var msgs []*bailiwick.Message
	if known {
		msgs, _ = l.ring.after(after.Seq, limit)
	}
	l.mu.Unlock()

	if !known || after.Seq > state.Head || after.Epoch > state.Epoch {
		// What lies ahead may have been written by another process of the owner.
		var err error
		if state, err = l.State(ctx); err != nil {
			return bailiwick.Batch{}, err
		}
	}
	if err := l.check(after, state); err != nil {
		return bailiwick.Batch{}, err
	}
	if msgs != nil {
		last := msgs[len(msgs)-1]
		return bailiwick.Batch{Messages: msgs, Through: last.Position()}, nil
	}
	return l.readTable(ctx, after, limit, kept)
}

// readTable reads from the database. The state is read first, so that everything
// up to its head was visible when the rows were read, and again afterwards, to see
// whether the position was trimmed meanwhile.
func (l *Log) readTable(ctx context.Context, after bailiwick.Position, limit int, kept bool) (bailiwick.Batch, error) {
	before, err := l.db.drv.LogState(ctx)
	if err != nil {
		return bailiwick.Batch{}, err
	}
	rows, err := l.db.drv.ReadLog(ctx, after.Seq, limit)
	if err != nil {
		return bailiwick.Batch{}, err
	}
	state, err := l.State(ctx)
	if err != nil {
		return bailiwick.Batch{}, err
	}
	if err := l.check(after, state); err != nil {
		return bailiwick.Batch{}, err
	}
	if after.Seq < state.Low && !kept {
		return bailiwick.Batch{}, l.gone(after, state)
	}
	batch := bailiwick.Batch{Messages: make([]*bailiwick.Message, len(rows))}
	for i := range rows {
		batch.Messages[i] = &rows[i]
	}
	through := max(before.Head, after.Seq)
	batch.Through = bailiwick.Position{Epoch: max(after.Epoch, state.EpochAt(through)), Seq: through}
	if len(rows) > 0 && (len(rows) == limit || rows[len(rows)-1].Seq > before.Head) {
		batch.Through = rows[len(rows)-1].Position()
	}
	return batch, nil
}

// check refuses a position that this log's present incarnation does not continue.
func (l *Log) check(p bailiwick.Position, state LogState) error {
	if proof.Off(proof.Epochs) {
		return nil
	}
	forked := func(why string, args ...any) error {
		return &bailiwick.Error{Code: bailiwick.Forked, Op: "store: read " + l.name, Err: fmt.Errorf(why, args...),
			Do: "do not skip: compare the follower's data with the log's past, then rebuild it from a snapshot"}
	}
	if p.Epoch > state.Epoch {
		return forked("position %s is of a later incarnation than the log's, %d", p, state.Epoch)
	}
	for _, fork := range state.History {
		if p.Epoch != 0 && fork.Epoch > p.Epoch && p.Seq > fork.Seq {
			return forked("position %s lies beyond seq %d, where incarnation %d began", p, fork.Seq, fork.Epoch)
		}
	}
	if p.Seq > state.Head {
		return forked("position %s lies beyond the log's head, %d", p, state.Head)
	}
	return nil
}

func (l *Log) gone(p bailiwick.Position, state LogState) error {
	return &GoneError{Low: state.Low, err: bailiwick.Error{Code: bailiwick.Gone, Op: "store: read " + l.name,
		Err: fmt.Errorf("position %s was trimmed, the low-water mark is %d", p, state.Low),
		Do:  "start the follower from a snapshot, or keep its types for ever"}}
}

// A GoneError says that a position was trimmed from the log, or never was in it.
// Its code is [bailiwick.Gone].
type GoneError struct {
	// Low is the log's low-water mark: the oldest position that can be read from.
	Low int64
	err bailiwick.Error
}

// Error returns the text.
func (e *GoneError) Error() string { return e.err.Error() }

// Unwrap returns the [bailiwick.Error].
func (e *GoneError) Unwrap() error { return &e.err }

func (l *Log) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring.clear()
}

var errExpired = errors.New("the follower fell behind the hard limit of the log's retention and was expired")
