package nemesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
)

// Nemesis carries a plan out.
type Nemesis struct {
	plan  *Plan
	arm   func(Step) Fault
	log   *Log
	began int
}

// New returns a nemesis that follows plan. arm makes the fault of a step; what happens
// goes to log.
func New(plan *Plan, arm func(Step) Fault, log *Log) *Nemesis {
	return &Nemesis{plan: plan, arm: arm, log: log}
}

// Run breaks things until ctx ends, and returns when everything is mended; or with the
// error of a fault that could not be done or not be undone, which no system under
// torture is to blame for. It may be called again, and goes on with the plan where it
// stopped.
func (n *Nemesis) Run(ctx context.Context) error {
	faults, ctx := errgroup.WithContext(ctx)
	faults.Go(func() error {
		for {
			step := n.plan.Next()
			if !sleep(ctx, step.Wait) {
				return nil
			}
			if err := n.do(ctx, step, faults); err != nil {
				return err
			}
		}
	})
	return faults.Wait()
}

// do begins one fault, and has it mended when its time is over or ctx ends.
func (n *Nemesis) do(ctx context.Context, step Step, faults *errgroup.Group) error {
	n.began++
	number, whole := n.began, context.WithoutCancel(ctx) // what has begun is done, so that it can be undone
	fault := n.arm(step)
	switch err := fault.Do(whole); {
	case errors.Is(err, ErrAway):
		n.log.add(number, missed, step)
		return nil
	case err != nil:
		return wrong(step, err)
	}
	n.log.add(number, begun, step)
	if step.Lasts == 0 {
		return nil
	}
	faults.Go(func() error {
		sleep(ctx, step.Lasts)
		if err := undo(whole, fault); err != nil {
			return wrong(step, err)
		}
		n.log.add(number, over, step)
		return nil
	})
	return nil
}

// How long a fault is tried to be undone, and how often.
const (
	undoFor   = 20 * time.Second
	undoEvery = 50 * time.Millisecond
)

// undo mends a fault; what it needs for that may be broken by another just now. What
// is gone needs no mending.
func undo(ctx context.Context, fault Fault) error {
	ctx, stop := context.WithTimeout(ctx, undoFor)
	defer stop()
	for {
		err := fault.Undo(ctx)
		if err == nil || errors.Is(err, ErrAway) {
			return nil
		}
		if !sleep(ctx, undoEvery) {
			return err
		}
	}
}

func wrong(step Step, err error) error {
	return &bailiwick.Error{Code: bailiwick.Unavailable, Op: fmt.Sprintf("nemesis: %s %s", step.Kind, step.Target), Err: err, Do: "leave " + string(step.Kind) + " out of the faults"}
}

// sleep waits; it reports whether ctx is still there.
func sleep(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	return ctx.Err() == nil
}
