package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

const (
	// lookEvery is how often the records are looked at while keys are set aside:
	// operators replay and discard from other processes.
	lookEvery = time.Second
	// drainMost bounds how many messages of one key are caught up at a turn, so
	// that the other keys go on meanwhile.
	drainMost = 64
)

// mark remembers that a key is set aside; a zero due is a person's turn. Only the
// follower adds marks; that one is gone shows when the records are looked at.
func (l *lane) mark(key string, due time.Time) {
	if len(l.marks) == 0 {
		l.look = l.clock.Now().Add(lookEvery)
	}
	l.marks[key] = due
	if !due.IsZero() && due.Before(l.look) {
		l.look = due
	}
}

// marked says whether a key may be set aside.
func (l *lane) marked(key string) bool {
	_, ok := l.marks[key]
	return ok && !proof.Off(proof.Queueing)
}

// lookAgain reads which keys of this lane are set aside.
func (l *lane) lookAgain(ctx context.Context) error {
	return l.patiently(ctx, "reading the parked keys failed", lasting, func() error {
		return l.db.Read(ctx, func(tx *store.Tx) error {
			heads, err := tx.List(store.Query{Kind: parkedKind(l.name), States: headStates})
			if err != nil {
				return err
			}
			clear(l.marks)
			for _, r := range heads {
				p, err := decode(r)
				if err != nil {
					return err
				}
				if slot(p.Message.Key, l.lanes) == l.index {
					l.mark(p.Message.Key, r.Due)
				}
			}
			return nil
		})
	})
}

// lasting says which errors of a retry, or of reading the records, stay.
func lasting(err error) bool { return closed(err) || !infrastructure(err) }

// retryDue tries the messages again whose time has come.
func (l *lane) retryDue(ctx context.Context) error {
	if len(l.marks) == 0 {
		return nil
	}
	now := l.clock.Now()
	if ahead(now, l.look, lookEvery) {
		return nil
	}
	if err := l.lookAgain(ctx); err != nil {
		return err
	}
	var due []string
	for key, at := range l.marks {
		if !at.IsZero() && !ahead(now, at, l.longest()) {
			due = append(due, key)
		}
	}
	slices.Sort(due) // what happens does not hang on chance
	for _, key := range due {
		if err := l.drain(ctx, key); err != nil {
			return err
		}
	}
	l.look = l.clock.Now().Add(lookEvery)
	for _, at := range l.marks {
		if !at.IsZero() && at.Before(l.look) {
			l.look = at
		}
	}
	return nil
}

// drain applies the messages of a key that are set aside, in order, until none is
// left, one fails, or it is others' turn.
func (l *lane) drain(ctx context.Context, key string) error {
	for range drainMost {
		due, left, err := l.again(ctx, key)
		if err != nil {
			return err
		}
		if !left {
			delete(l.marks, key)
			return nil
		}
		l.marks[key] = due
		if due.IsZero() || ahead(l.clock.Now(), due, l.longest()) {
			return nil
		}
	}
	return nil
}

// ahead says whether a time is still to come that was set no further than most ahead.
// One that lies further was set before the clock was put back, and has come.
func ahead(now, at time.Time, most time.Duration) bool {
	wait := at.Sub(now)
	return wait > 0 && wait <= most
}

// longest is how far ahead the next attempt of a message lies at most.
func (l *lane) longest() time.Duration { return max(l.retry.Max, lookEvery) }

// again applies the first message of a key, if it is due, and takes it away in
// the same transaction. left says whether the key is still set aside, and due
// until when.
func (l *lane) again(ctx context.Context, key string) (due time.Time, left bool, err error) {
	id, errand, err := l.runFirst(ctx, key)
	if err != nil {
		return due, false, err
	}
	var tried store.Record
	err = l.patiently(ctx, "retrying a message failed", lasting, func() error {
		return l.db.Do(ctx, func(tx *store.Tx) error {
			due, left, tried = time.Time{}, false, store.Record{}
			r, p, ok, err := first(tx, l.name, key)
			if err != nil || !ok {
				return err
			}
			if !l.isDue(r, tx.Now()) {
				due, left = r.Due, true
				return nil
			}
			tried = r
			if left, err = remove(tx, r, p); err != nil {
				return err
			}
			due = dueTime(tx.Now())
			handle := l.handlerOf(p.Message)
			if errand != nil && p.Message.ID == id {
				handle = errand
			}
			return l.handle(tx, 0, handle, p.Message)
		})
	})
	var failed *failure
	switch {
	case err == nil:
		return due, left, nil
	case lostRace(err):
		return dueTime(l.clock.Now()), true, nil // an operator was quicker; look again
	case !errors.As(err, &failed) && (blameless(err) || infrastructure(err)):
		return due, left, err
	case tried.Key == "":
		l.logger.Warn("looking at a parked key failed, it is tried again", "key", key, "err", bailiwick.Loggable(err))
		return l.clock.Now().Add(lookEvery), true, nil
	}
	due, err = l.failedAgain(ctx, tried, err)
	return due, true, err
}

// failedAgain notes a failed attempt, unless the record was changed meanwhile.
func (l *lane) failedAgain(ctx context.Context, tried store.Record, cause error) (due time.Time, err error) {
	p, err := decode(tried)
	if err != nil {
		return due, err
	}
	state, due := l.blame(&p, cause)
	next := p.record(tried.Kind, state, due, tried.Version)
	err = l.patiently(ctx, "noting a failed retry failed", blameless, func() error {
		return l.db.Do(ctx, func(tx *store.Tx) error {
			if err := tx.Lock(lockName(l.name, p.Message.Key)); err != nil {
				return err
			}
			return tx.Put(next)
		})
	})
	if lostRace(err) {
		return dueTime(l.clock.Now()), nil
	}
	return due, err
}

// handlerOf returns the handler of a message that was set aside. One whose type
// is not handled any more still owes its effect, so a person has to discard it.
func (l *lane) handlerOf(m *bailiwick.Message) Handler {
	if h := l.handlers[m.Type]; h != nil {
		return h
	}
	return func(*store.Tx, *bailiwick.Message) error {
		return &bailiwick.Error{Code: bailiwick.Poison, Op: "handle " + m.Type,
			Err: fmt.Errorf("the program has no handler for it any more"), Do: "deploy one that has, or discard the message"}
	}
}

// isDue says that the first message of a key is to be tried again now.
func (l *lane) isDue(r store.Record, now time.Time) bool {
	return r.State == StateRetry && !ahead(now, r.Due, l.longest())
}
