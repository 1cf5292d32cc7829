package settle

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/store"
)

// between is the time between two looks at processes.
const between = 20 * time.Millisecond

// Everywhere is [Wait] for services in several processes, by what their status
// says: it returns once all is at rest. It believes only two looks in a row that saw
// nothing under way and the same heads of all logs: between them nothing can have
// moved, although each asks one service after another. An error of status is taken
// for unrest, because a process may be about to come back. When ctx ends first, the
// code is [bailiwick.Unavailable] and the error names what is not at rest.
func Everywhere(ctx context.Context, status func(ctx context.Context) ([]admin.Status, error)) error {
	last, before := "it was not looked at yet", int64(-1)
	for {
		list, err := status(ctx)
		sum, what := moving(list)
		switch {
		case ctx.Err() != nil:
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "settle", Err: fmt.Errorf("%w: %s", ctx.Err(), last)}
		case err != nil:
			last, before = err.Error(), -1
		case what != "":
			last, before = what, -1
		case sum == before:
			return nil
		default:
			last, before = "messages were published meanwhile", sum
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
		}
	}
}

// moving adds up how far the logs reach and names something that is under way; ""
// if nothing is.
func moving(list []admin.Status) (heads int64, what string) {
	for _, s := range list {
		heads += s.Log.Head
		if s.Log.Staged > 0 {
			return 0, fmt.Sprintf("%s has %d messages that are not in its log yet", s.Service, s.Log.Staged)
		}
		for _, f := range s.Log.Followers {
			if f.State == store.FollowerRequired && f.Lag > 0 {
				return 0, fmt.Sprintf("%s has yet to apply %d messages of %s", f.Name, f.Lag, s.Log.Name)
			}
		}
		for _, f := range s.Follows {
			if f.Retrying > 0 {
				return 0, fmt.Sprintf("%s tries messages of %s again", s.Service, f.Name)
			}
		}
		if n := s.Sagas[saga.Running] + s.Sagas[saga.Compensating]; n > 0 {
			return 0, fmt.Sprintf("%d sagas of %s are on their way", n, s.Service)
		}
	}
	return heads, ""
}
