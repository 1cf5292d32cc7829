package settle

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// Wait returns once all is at rest: every message of the sources is applied or
// waits for a person, no follower of the databases will try one again, and no saga
// is on its way. Whatever makes new requests meanwhile is the caller's to stop.
// When ctx ends first, the code is [bailiwick.Unavailable] and the error names what
// is not at rest.
func Wait(ctx context.Context, dbs []*store.DB, sources []*Source) error {
	last := "it was not looked at yet"
	for {
		what, err := busy(ctx, dbs, sources)
		if what != "" {
			last = what
		}
		switch {
		case what == "" && err == nil:
			return nil
		case ctx.Err() != nil:
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "settle", Err: fmt.Errorf("%w: %s", ctx.Err(), last)}
		case err != nil:
			return err
		}
		Pause(ctx)
	}
}

// Pause is the time between two looks at what nothing announces.
func Pause(ctx context.Context) {
	select {
	case <-time.After(2 * time.Millisecond):
	case <-ctx.Done():
	}
}

// busy names something that is not at rest; "" if all is.
func busy(ctx context.Context, dbs []*store.DB, sources []*Source) (what string, err error) {
	before, what, err := heads(ctx, dbs, sources)
	if what != "" || err != nil {
		return what, err
	}
	for _, db := range dbs {
		if what, err = unfinished(ctx, db); what != "" || err != nil {
			return what, err
		}
	}
	after, what, err := heads(ctx, dbs, sources)
	if what == "" && err == nil && after != before {
		what = "messages were published meanwhile"
	}
	return what, err
}

// heads adds up how far the logs reach: while the sum stays the same, nothing was
// published. what names a follower that is behind.
func heads(ctx context.Context, dbs []*store.DB, sources []*Source) (sum int64, what string, err error) {
	for _, s := range sources {
		if lag := s.Lag(); lag > 0 {
			return 0, fmt.Sprintf("%s has yet to apply %d messages of %s", s.Follower, lag, s.Log()), nil
		}
	}
	for _, db := range dbs {
		state, err := db.Log().State(ctx)
		if err != nil {
			return 0, "", err
		}
		if state.Staged > 0 {
			return 0, fmt.Sprintf("%s has %d messages that are not in its log yet", db.Owner(), state.Staged), nil
		}
		sum += state.Head
	}
	return sum, "", nil
}

// unfinished names a saga on its way, or a follower that will try again.
func unfinished(ctx context.Context, db *store.DB) (what string, err error) {
	sagas, err := saga.List(ctx, db, saga.Filter{States: []string{saga.Running, saga.Compensating}, Limit: 1})
	if err != nil {
		return "", err
	}
	if len(sagas) > 0 {
		return fmt.Sprintf("saga %s of %s is %s", sagas[0].ID, db.Owner(), sagas[0].State), nil
	}
	followers, err := follow.Status(ctx, db)
	for _, f := range followers {
		if f.Retrying > 0 {
			return fmt.Sprintf("%s tries messages of %s again", db.Owner(), f.Name), nil
		}
	}
	return "", err
}
