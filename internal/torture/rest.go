package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
	"github.com/bailiwick/bailiwick/service/settle"
)

// Rested is the name of the invariant that services, once nothing breaks them any
// more, come to rest in time.
const Rested = "comes-to-rest"

// judge has the services come to rest, and holds what they say of themselves against
// what the clients saw.
func (c *campaign) judge(ctx context.Context) (*Report, error) {
	begun := c.opts.Clock.Now()
	resting, cancel := context.WithTimeout(ctx, c.opts.Rest)
	defer cancel()
	why := c.ready(resting)
	unknown, err := 0, error(nil)
	if why == nil {
		if unknown, err = c.clients.Finish(resting); err != nil {
			return nil, err
		}
		why = c.rest(resting)
	}
	rested := verdict.Result{Invariant: Rested, Checked: 1}
	if why != nil {
		rested.Violations = append(rested.Violations, verdict.Violation{Invariant: Rested, What: why.Error()})
	}
	if unknown > 0 {
		rested.Violations = append(rested.Violations, verdict.Violation{Invariant: Rested, What: fmt.Sprintf("the outcome of %d requests is not known, however often they are repeated", unknown)})
	}
	report := c.report()
	report.Rest = c.opts.Clock.Now().Sub(begun)
	report.Invariants = append(report.Invariants, rested, c.running)
	err = c.hold(ctx, report)
	report.Sound = len(report.Invariants.Violations()) == 0
	return report, err
}

// hold reads history and state and has the verdict spoken.
func (c *campaign) hold(ctx context.Context, report *Report) error {
	ops, err := history.Open(filepath.Join(c.opts.Dir, historyFile))
	if err != nil {
		return err
	}
	report.count(ops)
	if err := c.faults.Err(); err != nil {
		return broken("write the faults down", err)
	}
	state, err := c.bank.State(ctx)
	if err != nil {
		report.Invariants[0].Violations = append(report.Invariants[0].Violations, verdict.Violation{Invariant: Rested, What: err.Error()})
		return nil // without their books there is nothing else to hold them to
	}
	text, err := json.Marshal(state)
	if err == nil {
		err = os.WriteFile(filepath.Join(c.opts.Dir, stateFile), text, 0o600)
	}
	if err != nil {
		return broken("keep the state", err)
	}
	report.Invariants = append(report.Invariants, verdict.Check(c.start, ops, state)...)
	return nil
}

// patch is how long the services may move before what is parked is looked after: it
// may be what they move for.
const patch = 200 * time.Millisecond

// rest returns nil once nothing moves any more and nothing is set aside: what was
// poisoned, or was given up while everything broke, is replayed.
func (c *campaign) rest(ctx context.Context) error {
	for {
		soon, cancel := context.WithTimeout(ctx, patch)
		moves := settle.Everywhere(soon, c.fleet.status)
		cancel()
		parked, err := c.bank.Replay(ctx)
		switch {
		case moves == nil && err == nil && parked == 0:
			return c.arrive(ctx)
		case ctx.Err() != nil && moves != nil:
			return moves
		case ctx.Err() != nil:
			return fmt.Errorf("%d keys are still parked: %w", parked, ctx.Err())
		}
	}
}

// arrive returns nil once every follower stands at the head of its log: one that has
// nothing to do moves its position when it finds the time.
func (c *campaign) arrive(ctx context.Context) error {
	for {
		behind := ""
		list, err := c.fleet.status(ctx)
		for _, s := range list {
			for _, f := range s.Log.Followers {
				if f.Position.Seq != s.Log.Head {
					behind = fmt.Sprintf("%s stands at %d of %s, whose head is %d", f.Name, f.Position.Seq, s.Log.Name, s.Log.Head)
				}
			}
		}
		if err == nil && behind == "" {
			return nil
		}
		if !c.pause(ctx, 10*look) {
			return fmt.Errorf("%s: %w", behind, ctx.Err())
		}
	}
}
