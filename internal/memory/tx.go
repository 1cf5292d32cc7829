package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// tx is one transaction. Its statements see what was committed before each of them,
// and what it wrote itself; those of a reader see one snapshot.
type tx struct {
	db     *DB
	ctx    context.Context
	pinned *state // a reader's snapshot

	what    string // its first statement; empty before that
	written bool
	changes

	// Guarded by disk.mu.
	locks   []string
	waits   *lock
	granted chan struct{}
	ended   bool
	again   bool // it was the one to give way
}

// alive fails once the transaction can have no effect any more. disk.mu is held.
func (t *tx) alive() error {
	if err := t.db.alive(); err != nil {
		return err
	}
	if t.ended {
		return &bailiwick.Error{Code: bailiwick.Closed, Op: "memory", Err: errEnded}
	}
	return nil
}

var (
	errEnded    = errors.New("the transaction has ended")
	errReadOnly = errors.New("the transaction is read-only")
)

// begin comes to the first statement of a transaction, which is when it begins.
func (t *tx) begin(what string) error {
	if t.what != "" {
		return nil
	}
	t.what = what
	if err := t.db.hold(t.ctx, "begin", what).Before; err != nil {
		return err
	}
	if !t.db.disk.options.Stamps {
		return t.lock(writer)
	}
	return nil
}

// read comes to a statement that changes nothing and returns what it sees beneath the
// transaction's own changes, for as long as done was not called.
func (t *tx) read(what string) (s *state, done func(), err error) {
	if t.pinned != nil {
		if err := t.ctx.Err(); err != nil {
			return nil, nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "memory: read", Err: err}
		}
		if err := t.db.alive(); err != nil {
			return nil, nil, err
		}
		return t.pinned, func() {}, nil
	}
	if err := t.begin(what); err != nil {
		return nil, nil, err
	}
	t.db.disk.mu.Lock()
	if err := t.alive(); err != nil {
		t.db.disk.mu.Unlock()
		return nil, nil, err
	}
	return t.db.disk.state, t.db.disk.mu.Unlock, nil
}

// write is read for a statement that changes a row, which it locks first.
func (t *tx) write(what, row string) (s *state, done func(), err error) {
	if t.pinned != nil {
		return nil, nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "memory: " + what, Err: errReadOnly}
	}
	if err := t.begin(what); err != nil {
		return nil, nil, err
	}
	if t.db.disk.options.Stamps {
		if err := t.lock(row); err != nil {
			return nil, nil, err
		}
	}
	t.written = true
	return t.read(what)
}

// Append stages messages; their ids are drawn now, whenever the transaction commits.
func (t *tx) Append(msgs []bailiwick.Message) error {
	if t.pinned != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "memory: append", Err: errReadOnly}
	}
	if err := t.begin("append"); err != nil {
		return err
	}
	d := t.db.disk
	if d.options.Stamps {
		if err := t.db.hold(t.ctx, "append", t.what).Before; err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, m := range msgs {
		d.lastID++
		m.Log = t.db.log
		t.staging = append(t.staging, staged{d.lastID, m})
	}
	t.written = true
	return t.alive()
}

// Position returns where a lane stands.
func (t *tx) Position(follower string, lane int) (p driver.Position, ok bool, err error) {
	s, done, err := t.read("position " + follower)
	if err != nil {
		return p, false, err
	}
	defer done()
	p, ok = t.position(s, lanePlace{follower, lane})
	return p, ok, nil
}

func (t *tx) position(s *state, at lanePlace) (p driver.Position, ok bool) {
	if p, ok = t.positions[at]; !ok {
		p, ok = s.positions[at]
	}
	return p, ok
}

// Positions returns where all lanes stand.
func (t *tx) Positions() ([]driver.Position, error) {
	s, done, err := t.read("positions")
	if err != nil {
		return nil, err
	}
	defer done()
	all := maps.Clone(s.positions)
	maps.Copy(all, t.positions)
	return slices.SortedFunc(maps.Values(all), func(a, b driver.Position) int {
		return cmp.Or(strings.Compare(a.Follower, b.Follower), a.Lane-b.Lane)
	}), nil
}

// Move compares and sets a lane's position.
func (t *tx) Move(from bailiwick.Position, to driver.Position) error {
	what := fmt.Sprint("move ", to.Follower, " ", to.Lane)
	s, done, err := t.write(what, what)
	if err != nil {
		return err
	}
	defer done()
	at := lanePlace{to.Follower, to.Lane}
	row, ok := t.position(s, at)
	elsewhere := row.Position != from || ok && from == (bailiwick.Position{})
	overtaken := row.Term > to.Term
	if elsewhere || overtaken {
		return &bailiwick.Error{Code: bailiwick.Stale, Op: "memory: " + what,
			Err: fmt.Errorf("it does not stand at %s under a term up to %d", from, to.Term)}
	}
	set(&t.positions, at, to)
	return nil
}

// Claim takes a key, or returns the claim that stands there.
func (t *tx) Claim(scope, key string, hash []byte) (c driver.Claim, fresh bool, err error) {
	what := "claim " + scope + "/" + key
	s, done, err := t.write(what, what)
	if err != nil {
		return c, false, err
	}
	defer done()
	if c, ok := t.claim(s, scope, key); ok {
		return c, false, nil
	}
	c = driver.Claim{Hash: hash, Time: t.db.disk.options.Clock.Now().UTC()}
	set(&t.claims, [2]string{scope, key}, c)
	return c, true, nil
}

func (t *tx) claim(s *state, scope, key string) (c driver.Claim, ok bool) {
	if c, ok = t.claims[[2]string{scope, key}]; !ok {
		c, ok = s.claims[[2]string{scope, key}]
	}
	return c, ok
}

var errNoClaim = errors.New("no such claim")

// Answer stores the reply of a claim.
func (t *tx) Answer(scope, key string, reply []byte) error {
	what := "claim " + scope + "/" + key
	s, done, err := t.write(what, what)
	if err != nil {
		return err
	}
	defer done()
	c, ok := t.claim(s, scope, key)
	if !ok {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: "memory: " + what, Err: errNoClaim}
	}
	c.Reply = reply
	set(&t.claims, [2]string{scope, key}, c)
	return nil
}

// Lock takes a lock by name. Where there is one writer, the transaction has it.
func (t *tx) Lock(name string) error {
	if t.pinned != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "memory: lock", Err: errReadOnly}
	}
	if err := t.begin("lock " + name); err != nil || !t.db.disk.options.Stamps {
		return err
	}
	return t.lock("lock " + name)
}

// Savepoint undoes what fn did if that fails. Locks stay until the transaction ends.
func (t *tx) Savepoint(fn func() error) error {
	before := t.changes.clone()
	err := fn()
	if err != nil {
		t.changes = before
	}
	return err
}

// SQL returns nil: there is none.
func (t *tx) SQL() driver.SQL { return nil }
