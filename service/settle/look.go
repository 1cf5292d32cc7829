package settle

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// Unrest is what keeps services from being at rest.
type Unrest struct {
	// What names it; "" if all is at rest.
	What string
	// Due is when it goes on by itself; zero if it is going on now.
	Due time.Time
}

// At reports whether something is going on at a time. Between messages and timers
// there is rest: a saga that waits for an answer nobody is about to give, and a
// message that is not to be tried again yet, stand still until they are due.
func (u Unrest) At(now time.Time) bool {
	return u.What != "" && !u.Due.After(now)
}

// Look finds what is not at rest: a message on its way, or else whatever is due
// first. Unlike [Wait] it does not wait. It reads every saga on its way, so it is for
// tests, where there are few.
func Look(ctx context.Context, dbs []*store.DB, sources []*Source) (Unrest, error) {
	before, what, err := heads(ctx, dbs, sources)
	if what != "" || err != nil {
		return Unrest{What: what}, err
	}
	var first Unrest
	for _, db := range dbs {
		if err := first.earlier(ctx, db); err != nil {
			return Unrest{}, err
		}
	}
	after, what, err := heads(ctx, dbs, sources)
	if what == "" && err == nil && after != before {
		what = "messages were published meanwhile"
	}
	if what != "" || err != nil {
		return Unrest{What: what}, err
	}
	return first, nil
}

// lookPage is how many sagas are read at once.
const lookPage = 500

// earlier takes over what is due in a database, if that is earlier.
func (u *Unrest) earlier(ctx context.Context, db *store.DB) error {
	for after := ""; ; {
		page, err := saga.List(ctx, db, saga.Filter{States: []string{saga.Running, saga.Compensating}, After: after, Limit: lookPage})
		if err != nil {
			return err
		}
		for _, s := range page {
			if s.Due != nil {
				u.take(*s.Due, fmt.Sprintf("saga %s of %s is %s, at step %s", s.ID, db.Owner(), s.State, s.Step))
			}
			after = s.ID
		}
		if len(page) < lookPage {
			break
		}
	}
	parked, err := follow.List(ctx, db)
	for _, p := range parked {
		if p.State == follow.StateRetry {
			u.take(p.Due, fmt.Sprintf("%s tries %s of %s again: %s", db.Owner(), p.Type, p.Follower, p.Error))
		}
	}
	return err
}

func (u *Unrest) take(due time.Time, what string) {
	if u.What == "" || due.Before(u.Due) {
		*u = Unrest{What: what, Due: due}
	}
}
