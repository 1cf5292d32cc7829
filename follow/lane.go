package follow

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

const (
	// Messages that concern nobody here are skipped without a transaction. Their
	// position is committed along with the next effect, or alone: when a lane has
	// had nothing to do for idleAfter, has owed its position for owedMost, or has
	// skipped skipMost messages. So producers can trim, and lag shows 0.
	idleAfter = 250 * time.Millisecond
	owedMost  = time.Second
	skipMost  = 4096
)

// A lane applies the messages of its keys, in order, on one goroutine.
type lane struct {
	*runner
	index int
	term  int64 // of its lease; 0 where the engine needs none

	stands bailiwick.Position // what its row says
	at     bailiwick.Position // how far it has read and applied or skipped
	atID   bailiwick.ID       // of the message at at; zero if that is not known

	skipped int       // messages since the position was committed
	owed    time.Time // since when the row is behind

	marks map[string]time.Time // keys set aside: when they are due, zero for a person's turn
	look  time.Time            // when to look for due keys next
	tasks []task
}

// A task is a message that this lane has to apply.
type task struct {
	m      *bailiwick.Message
	handle Handler
}

func newLane(r *runner, index int, term int64) *lane {
	return &lane{runner: r, index: index, term: term, marks: map[string]time.Time{}}
}

// run works until ctx ends, whose error it then returns, or something happens
// that waiting does not mend.
func (l *lane) run(ctx context.Context) error {
	if err := l.start(ctx); err != nil {
		return err
	}
	for {
		if err := l.retryDue(ctx); err != nil {
			return err
		}
		more, err := l.wait(ctx)
		if err != nil {
			return err
		}
		if more {
			if err := l.step(ctx); err != nil {
				return err
			}
		}
		if l.owes(more) {
			if err := l.moveOn(ctx, l.at, l.atID); err != nil {
				return err
			}
		}
	}
}

// start takes up where the database says that the lane stands, once it is sure
// that the log's past is the one the lane has seen.
func (l *lane) start(ctx context.Context) error {
	lasting := func(err error) bool { return closed(err) || hasCode(err, bailiwick.Stale) }
	err := l.patiently(ctx, "reading the position failed", lasting, func() error {
		row, ok, err := l.position(ctx, l.index)
		if err != nil || !ok {
			return err
		}
		l.stands, l.at, l.atID = row.Position, row.Position, row.ID
		if row.Lanes != l.lanes {
			return l.otherLanes(row.Lanes)
		}
		return nil
	})
	if proof.Off(proof.Lanes) && err == nil {
		err = l.furthest(ctx)
	}
	if err != nil {
		return err
	}
	if err := l.samePast(ctx); err != nil {
		return err
	}
	l.committed(l.index, l.stands)
	return l.lookAgain(ctx)
}

// furthest takes up where the lane stands that has come furthest, as a follower
// does that keeps one position for all its workers. Only a proof asks for it.
func (l *lane) furthest(ctx context.Context) error {
	return l.patiently(ctx, "reading the positions failed", closed, func() error {
		return l.db.Read(ctx, func(tx *store.Tx) error {
			list, _, err := rows(tx, l.name)
			for _, row := range list {
				if before(l.at, row.Position) {
					l.at, l.atID = row.Position, row.ID
				}
			}
			return err
		})
	})
}

// samePast reads the message at the position once more: another id there means
// that the log was restored or replaced and tells another story.
func (l *lane) samePast(ctx context.Context) error {
	if l.at.Seq == 0 || proof.Off(proof.Epochs) {
		return nil
	}
	if _, err := l.read(ctx, l.at, 1); err != nil {
		return err // gone, or forked: a position beyond the head is never reached
	}
	if l.atID.IsZero() {
		return nil
	}
	// The position may be of a later incarnation than its message, if the log was
	// restored to just there: so this one message is not held against its order.
	before := bailiwick.Position{Epoch: l.at.Epoch, Seq: l.at.Seq - 1}
	var batch bailiwick.Batch
	err := l.patiently(ctx, "reading the log failed", final, func() (err error) {
		batch, err = l.source.Read(ctx, before, 1)
		return err
	})
	switch {
	case hasCode(err, bailiwick.Gone):
		return nil // trimmed once it was committed, as it should be
	case err != nil:
		return err
	case len(batch.Messages) == 0 || batch.Messages[0].Seq != l.at.Seq:
		return nil
	}
	if got := batch.Messages[0].ID; got != l.atID {
		return &bailiwick.Error{Code: bailiwick.Forked, Op: "compare the message at position " + l.at.String(),
			Err: fmt.Errorf("the log %s has %s there, it was %s when it was applied", l.source.Log(), got, l.atID),
			Do:  "do not skip: compare the follower's data with the log's past, then rebuild it from a snapshot"}
	}
	return nil
}

// wait returns true once there is something to read, false when it is time to
// commit the position alone or to look for due retries.
func (l *lane) wait(ctx context.Context) (more bool, err error) {
	if l.headed != nil && l.headed.Head() > l.at.Seq {
		return true, ctx.Err()
	}
	alarm := l.alarm()
	if alarm < 0 {
		err := l.patiently(ctx, "waiting for messages failed", final, func() error {
			return l.source.Wait(ctx, l.at)
		})
		return err == nil, err
	}
	waiting, stop := context.WithCancel(ctx)
	arrived := make(chan error, 1)
	go func() { arrived <- l.source.Wait(waiting, l.at) }()
	select {
	case err := <-arrived:
		stop()
		if err != nil && !final(err) {
			return false, l.pause(ctx, 1, "waiting for messages failed", err)
		}
		return err == nil, err
	case <-l.clock.After(alarm):
	case <-l.wake[l.index]:
		l.look = time.Time{}
	case <-ctx.Done():
	}
	stop()
	<-arrived
	return false, ctx.Err()
}

// alarm is how long the lane may sleep when no message comes; negative means
// until one does.
func (l *lane) alarm() time.Duration {
	alarm := time.Duration(-1)
	if l.owed.IsZero() && len(l.marks) == 0 {
		return alarm
	}
	now := l.clock.Now()
	if !l.owed.IsZero() {
		alarm = max(0, min(idleAfter, l.owed.Add(owedMost).Sub(now)))
	}
	if len(l.marks) > 0 {
		due := min(max(0, l.look.Sub(now)), lookEvery)
		if alarm < 0 || due < alarm {
			alarm = due
		}
	}
	return alarm
}

// owes says whether it is time to commit the position alone. busy says that a
// message came.
func (l *lane) owes(busy bool) bool {
	if l.owed.IsZero() {
		return false
	}
	return l.skipped >= skipMost || !ahead(l.clock.Now(), l.due(busy), owedMost)
}

// due is when an owed position has to be committed.
func (l *lane) due(busy bool) time.Time {
	if busy {
		return l.owed.Add(owedMost)
	}
	return l.owed.Add(idleAfter)
}

// step reads one batch and applies what of it belongs here.
func (l *lane) step(ctx context.Context) error {
	batch, err := l.read(ctx, l.at, l.batch)
	if err != nil {
		return err
	}
	through, id := batch.Through, bailiwick.ID{}
	l.tasks = l.tasks[:0]
	for _, m := range batch.Messages {
		if m.Seq == through.Seq {
			id = m.ID
		}
		h := l.handlers[m.Type]
		if h == nil || l.lanes > 1 && slot(m.Key, l.lanes) != l.index {
			continue
		}
		l.tasks = append(l.tasks, task{m, h})
	}
	if through.Seq == l.at.Seq {
		return nil
	}
	if len(l.tasks) > 0 {
		if err := l.runErrands(ctx, l.tasks); err != nil {
			return err
		}
		return l.apply(ctx, l.tasks, through, id)
	}
	l.at, l.atID = through, id
	l.skipped += len(batch.Messages)
	if l.owed.IsZero() {
		l.owed = l.clock.Now()
	}
	return nil
}
