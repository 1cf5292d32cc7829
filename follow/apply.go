package follow

import (
	"context"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

// apply commits the effects of tasks and moves the lane to through: all in one
// transaction while all goes well. Around a message that fails, what is before it
// is committed, then the message is set aside, then the rest goes on.
func (l *lane) apply(ctx context.Context, tasks []task, through bailiwick.Position, id bailiwick.ID) error {
	n := len(tasks)
	for len(tasks) > 0 {
		to, toID := through, id
		if n < len(tasks) {
			to, toID = tasks[n-1].m.Position(), tasks[n-1].m.ID
		}
		err := l.advance(ctx, to, toID, blaming, func(tx *store.Tx) error { return l.effects(tx, tasks[:n]) })
		var failed *failure
		switch {
		case err == nil:
			tasks = tasks[n:]
			n = len(tasks)
		case errors.As(err, &failed) && failed.task > 0:
			n = failed.task
		case failed == nil && (blameless(err) || infrastructure(err)):
			return err
		case failed == nil && n > 1:
			n /= 2 // the commit was refused, and does not say because of whom
		case failed == nil && l.marked(tasks[0].m.Key):
			// It only queued, so it is not to blame, and must not go to the front.
			if err := l.pause(ctx, 1, "queueing a message failed", err); err != nil {
				return err
			}
			if err := l.lookAgain(ctx); err != nil {
				return err
			}
		default:
			if err := l.park(ctx, tasks[0].m, err); err != nil {
				return err
			}
			tasks = tasks[1:]
			n = len(tasks)
		}
	}
	if l.at == through {
		return nil
	}
	return l.moveOn(ctx, through, id) // the last message was set aside
}

// moveOn commits the position alone.
func (l *lane) moveOn(ctx context.Context, to bailiwick.Position, id bailiwick.ID) error {
	return l.advance(ctx, to, id, blameless, nil)
}

// effects applies tasks in order. Messages of keys that are set aside queue
// behind those.
func (l *lane) effects(tx *store.Tx, tasks []task) error {
	for i, t := range tasks {
		if l.marked(t.m.Key) {
			queued, err := l.queue(tx, t.m)
			if err != nil {
				return err
			}
			if queued {
				continue
			}
		}
		if err := l.handle(tx, i, t.handle, t.m); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the lane's position and does effects, in one transaction. The
// move comes first: on an engine with many writers it locks the row, so that an
// instance that was overtaken fails before it does anything.
//
// It tries again after errors that are not lasting. When it could not learn the
// outcome, the position tells: effects and position commit together.
func (l *lane) advance(ctx context.Context, to bailiwick.Position, id bailiwick.ID, lasting func(error) bool, effects func(*store.Tx) error) error {
	if proof.Off(proof.Dedup) && effects != nil {
		apart := func() error { return l.db.Do(ctx, effects) }
		if err := l.patiently(ctx, "committing failed", lasting, apart); err != nil {
			return err
		}
		effects = nil
	}
	for n := 1; ; n++ {
		err := l.db.Do(ctx, func(tx *store.Tx) error {
			if err := l.move(tx, to, id); err != nil || effects == nil {
				return err
			}
			return effects(tx)
		})
		if err == nil {
			break
		}
		if lasting(err) {
			return err
		}
		if err := l.pause(ctx, n, "committing failed", err); err != nil {
			return err
		}
		done, err := l.reached(ctx, to)
		if err != nil {
			return err
		}
		if done {
			break
		}
	}
	proof.At(proof.AfterApply)
	l.stands, l.at, l.atID = to, to, id
	l.skipped, l.owed = 0, time.Time{}
	l.committed(l.index, to)
	return nil
}

// move is the compare-and-set that every transaction of the lane begins with.
func (l *lane) move(tx *store.Tx, to bailiwick.Position, id bailiwick.ID) error {
	if l.stands == (bailiwick.Position{}) {
		if err := l.sameLanes(tx); err != nil {
			return err
		}
	}
	return tx.Move(l.stands, store.FollowerPosition{Follower: l.name, Lane: l.index, Lanes: l.lanes, Position: to, ID: id, Term: l.term})
}

// reached finds out whether a transaction that moved the position to to was
// committed after all.
func (l *lane) reached(ctx context.Context, to bailiwick.Position) (bool, error) {
	var row store.FollowerPosition
	err := l.patiently(ctx, "reading the position failed", closed, func() error {
		var err error
		row, _, err = l.position(ctx, l.index)
		return err
	})
	return err == nil && row.Position == to && row.Term == l.term, err
}
