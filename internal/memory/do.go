package memory

import (
	"context"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Do runs fn in a transaction, and again where it waited for another in a circle.
func (db *DB) Do(ctx context.Context, fn func(driver.Tx) error) error {
	for {
		if err := db.enter(ctx); err != nil {
			return err
		}
		again, err := db.once(ctx, fn)
		if !again {
			return err
		}
	}
}

// once runs fn in one transaction. A panic of fn undoes it and goes on to the caller.
func (db *DB) once(ctx context.Context, fn func(driver.Tx) error) (again bool, err error) {
	t := &tx{db: db, ctx: context.WithoutCancel(ctx)}
	defer func() {
		db.disk.mu.Lock()
		t.release()
		db.disk.mu.Unlock()
		db.leave()
	}()
	err = fn(t)
	if t.again {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, t.commit()
}

// commit makes what was written visible, all at once, and tells of it in the order of
// the commits.
func (t *tx) commit() error {
	if err := t.begin("nothing"); err != nil {
		return err
	}
	fate := t.db.hold(t.ctx, "commit", t.what)
	d := t.db.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if fate.Before == nil && fate.After == nil && d.broken != nil {
		fate.Before, fate.After = d.broken()
	}
	if fate.Before != nil {
		return fate.Before
	}
	if err := t.alive(); err != nil {
		return err
	}
	if t.written {
		s := d.writable()
		s.apply(t.changes)
		t.tell(s)
	}
	return fate.After
}

// tell hands the messages of a committed transaction on: to the log, and to the owner,
// or to whoever stamps.
func (t *tx) tell(s *state) {
	if len(t.staging) == 0 {
		return
	}
	if t.db.disk.options.Stamps {
		s.staging = append(s.staging, t.staging...)
		t.db.onCommit(nil)
		return
	}
	t.db.onCommit(s.write(t.staging))
}

// write gives messages the next places in the log and returns them.
func (s *state) write(list []staged) []bailiwick.Message {
	msgs := make([]bailiwick.Message, len(list))
	for i, row := range list {
		s.head++
		msgs[i] = row.m
		msgs[i].Epoch, msgs[i].Seq = s.epoch(), s.head
	}
	s.log = append(s.log, msgs...)
	return msgs
}

// Read runs fn in a snapshot.
func (db *DB) Read(ctx context.Context, fn func(driver.Tx) error) error {
	if err := db.enter(ctx); err != nil {
		return err
	}
	defer db.leave()
	d := db.disk
	d.mu.Lock()
	pinned := d.state
	pinned.pins++
	d.mu.Unlock()
	defer func() {
		d.mu.Lock()
		pinned.pins--
		d.mu.Unlock()
	}()
	return fn(&tx{db: db, ctx: ctx, pinned: pinned})
}
