package replay

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
)

// look is the time between two looks at the shop's state.
const look = 5 * time.Millisecond

// rest waits until messages have arrived. What it knows it has from the services'
// status.
type rest struct {
	persistence
	clients *shop.Clients
}

// motion is what is still moving in a shop.
type motion struct {
	// heads is the sum of the logs' heads: it grows with every message.
	heads int64
	// undelivered counts messages that a follower has yet to apply; retrying and
	// parked count keys whose messages wait for another attempt, or for a person.
	undelivered, retrying, parked int64
	// flying counts sagas on their way, stuck those that wait for a person.
	flying, stuck int64
}

func (m motion) still() bool { return m.undelivered == 0 && m.retrying == 0 && m.flying == 0 }

// motionOf adds up the motion of some services.
func motionOf(list []admin.Status) (m motion) {
	for _, s := range list {
		m.heads += s.Log.Head
		m.undelivered += max(s.Log.Staged, 0)
		for _, r := range s.Log.Followers {
			m.undelivered += r.Lag
		}
		for _, f := range s.Follows {
			m.retrying += int64(f.Retrying)
			m.parked += int64(f.Parked)
		}
		m.flying += int64(s.Sagas[saga.Running] + s.Sagas[saga.Compensating])
		m.stuck += int64(s.Sagas[saga.Parked])
	}
	return m
}

// heard waits until everybody who follows the named services has applied all that
// they published.
func (r *rest) heard(ctx context.Context, names ...string) error {
	m, err := r.watch(ctx, func(list []admin.Status) (motion, bool) {
		list = slices.DeleteFunc(list, func(s admin.Status) bool { return !slices.Contains(names, s.Service) })
		m := motionOf(list)
		return m, m.undelivered == 0 && len(list) == len(names)
	})
	if err == nil && m.undelivered > 0 {
		err = &bailiwick.Error{Code: bailiwick.Unavailable, Op: "replay: set up",
			Err: fmt.Errorf("%d messages of the catalog and the users were not applied in %v", m.undelivered, r.patience),
			Do:  "look at the services' status and at what they parked"}
	}
	return err
}

// await waits until the whole shop is at rest, or until nothing has moved for as
// long as patience lasts: the reconciliation then says what is missing.
func (r *rest) await(ctx context.Context) error {
	before := motion{heads: -1}
	_, err := r.watch(ctx, func(list []admin.Status) (motion, bool) {
		m := motionOf(list)
		settled := m.still() && m == before // a message could move on between two services' answers
		before = m
		return m, settled
	})
	return err
}

// watch looks at the shop until done says so, or until what moves has been the same
// for as long as patience lasts. It returns what moved last.
func (r *rest) watch(ctx context.Context, done func([]admin.Status) (motion, bool)) (motion, error) {
	var last motion
	since := r.clock.Now()
	for {
		list, err := r.clients.Status(ctx)
		if err != nil && !temporary(err) || ctx.Err() != nil {
			return last, failed("replay: ask for the shop's status", err)
		}
		now := r.clock.Now()
		if err == nil {
			m, enough := done(list)
			if enough {
				return m, nil
			}
			if m != last {
				last, since = m, now
			}
		}
		if now.Sub(since) > r.patience {
			if err != nil {
				return last, failed("replay: ask for the shop's status", err)
			}
			return last, nil
		}
		pause(ctx, r.clock, look)
	}
}

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, clock bailiwick.Clock, d time.Duration) {
	select {
	case <-clock.After(d):
	case <-ctx.Done():
	}
}
