package saga

import (
	"context"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// overdueBatch is how many overdue sagas one round looks at.
const overdueBatch = 200

// Run sends commands again whose answers are overdue, until ctx ends. Nothing is
// lost while nobody runs it, because all it knows is in the database: after a
// crash the first round goes on where the last one stopped.
//
// A wall clock that jumped against the monotonic clock holds all timers for a
// while and raises an alarm: a wrong clock must not compensate the world.
func (o *Orchestrator) Run(ctx context.Context) error {
	clock := o.db.Clock()
	begun := clock.Now()
	// Both clocks are read at once: time that passes between two readings, or that a
	// test moves there, would look like a jump.
	read := func() (wall time.Time, mono time.Duration) {
		now := clock.Now()
		if o.opts.Monotonic != nil {
			return now.Round(0), o.opts.Monotonic()
		}
		return now.Round(0), now.Sub(begun)
	}
	wall, mono := read()
	var held time.Duration // on the monotonic clock
	for {
		select {
		case <-clock.After(o.opts.Tick):
		case <-ctx.Done():
			return nil
		}
		w, m := read()
		if jump := w.Sub(wall) - (m - mono); jump.Abs() >= o.opts.Jump {
			held = m + o.opts.Hold
			o.opts.Logger.Error("the wall clock jumped: the timers of sagas are held", "jump", jump, "for", o.opts.Hold)
		}
		wall, mono = w, m
		if m < held {
			continue
		}
		if err := o.overdue(ctx); err != nil && ctx.Err() == nil {
			o.opts.Logger.Error("looking for overdue sagas failed, it is tried again", "err", err)
		}
	}
}

// overdue finds the sagas whose answers are late and sends for them again.
func (o *Orchestrator) overdue(ctx context.Context) error {
	var late []store.Record
	err := o.db.Read(ctx, func(tx *store.Tx) (err error) {
		late, err = tx.List(store.Query{Kind: recordKind, States: []string{Running, Compensating}, DueBy: tx.Now(), Limit: overdueBatch})
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range late {
		if err := o.again(ctx, r.Key); err != nil {
			if bailiwick.CodeOf(err) == bailiwick.Conflict {
				continue // an answer, or another instance, was first
			}
			o.opts.Logger.Error("an overdue saga could not be moved, it is tried again", "saga", r.Key, "err", err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return nil
}

// again sends one overdue command once more, or gives up on it.
func (o *Orchestrator) again(ctx context.Context, id string) error {
	return o.db.Do(ctx, func(tx *store.Tx) error {
		in, ok, err := o.load(tx, id)
		if err != nil || !ok {
			return err
		}
		if in.status != Running && in.status != Compensating || in.due.IsZero() || in.due.After(tx.Now()) {
			return nil
		}
		i := in.plan.index(in.doc.Step)
		if i < 0 {
			return in.fault("move", errNoStep)
		}
		s := &in.plan.steps[i]
		switch e := in.entry(s.name, in.doc.Op); {
		case s.command == "":
			// A person had a refused local step tried again.
			in.answered(now(tx), outcomeRejected, "")
			err = in.forward(tx, i, false)
		case e != nil && e.Outcome == "" && e.Attempts >= s.attempts:
			err = in.giveUp(tx)
		default:
			err = in.command(tx, s, in.doc.Op)
		}
		if err != nil {
			return err
		}
		o.report(in)
		return o.save(tx, in)
	})
}
