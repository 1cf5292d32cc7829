package service

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
)

// Settle returns once the running group has come to rest: every message is
// applied or waits for a person, none waits for its next attempt, and no saga is
// on its way. It says nothing of requests that are still being made. When ctx ends
// first, the code is [bailiwick.Unavailable] and the error names what is not at
// rest.
func (g *Group) Settle(ctx context.Context) error {
	for {
		before, busy, err := g.heads(ctx)
		if busy == "" && err == nil {
			busy, err = g.unfinished(ctx)
		}
		if busy == "" && err == nil {
			var after int64
			if after, busy, err = g.heads(ctx); busy == "" && err == nil && after == before {
				return nil
			}
		}
		if ctx.Err() != nil {
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "service: settle", Err: fmt.Errorf("%w: %s", ctx.Err(), busy)}
		}
		if err != nil {
			return err
		}
		pause(ctx)
	}
}

// pause is the time between two looks.
func pause(ctx context.Context) {
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
	}
}

// heads adds up how far all logs reach: while the sum stays the same, nothing was
// published. busy names a follower that is behind.
func (g *Group) heads(ctx context.Context) (sum int64, busy string, err error) {
	if g.phase.Load() == starting {
		return 0, "the group is starting", nil
	}
	for _, w := range g.wires {
		if lag := w.lag(); lag > 0 {
			return 0, fmt.Sprintf("%s has yet to apply %d messages of %s", w.consumer.Name, lag, w.Log()), nil
		}
	}
	for _, s := range g.services {
		state, err := s.DB.Log().State(ctx)
		if err != nil {
			return 0, "", err
		}
		if state.Staged > 0 {
			return 0, fmt.Sprintf("%s has %d messages that are not in its log yet", s.Name, state.Staged), nil
		}
		sum += state.Head
	}
	return sum, "", nil
}

// unfinished names a saga on its way, or a follower that will try again.
func (g *Group) unfinished(ctx context.Context) (busy string, err error) {
	for _, s := range g.services {
		sagas, err := saga.List(ctx, s.DB, saga.Filter{States: []string{saga.Running, saga.Compensating}, Limit: 1})
		if err != nil {
			return "", err
		}
		for _, one := range sagas {
			return fmt.Sprintf("saga %s of %s is %s", one.ID, s.Name, one.State), nil
		}
		followers, err := follow.Status(ctx, s.DB)
		if err != nil {
			return "", err
		}
		for _, f := range followers {
			if f.Retrying > 0 {
				return fmt.Sprintf("%s tries messages of %s again", s.Name, f.Name), nil
			}
		}
	}
	return "", nil
}
