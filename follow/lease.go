package follow

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
)

const (
	leaseTTL = 10 * time.Second
	// standby is how often an instance looks where a lane stands that is another's.
	standby = time.Second
	// askEvery is how often it asks for the lease of one that falls to it and is not
	// handed over yet. To ask in vain writes nothing.
	askEvery = 250 * time.Millisecond
	// renewEvery is how long a held lease goes without being renewed.
	renewEvery = leaseTTL / 3
)

var (
	errLeaseLost  = errors.New("another instance holds the lane's lease")
	errHandedOver = errors.New("the lane falls to another instance")
)

func (r *runner) leaseName(lane int) string { return fmt.Sprintf("follow/%s/%d", r.name, lane) }

// runLeased runs a lane while its lease is held, and waits for the lease while
// another instance has it, or should. The term goes into every move of the position,
// so an instance that was overtaken without noticing cannot commit; it notices then.
func (r *runner) runLeased(ctx context.Context, index int) error {
	for {
		begun := r.clock.Now()
		for change := r.seats.change(); !r.deals(index); change = r.seats.change() {
			select {
			case <-change:
			case <-r.clock.After(standby):
			case <-ctx.Done():
				return ctx.Err()
			}
			r.observe(ctx, index)
		}
		term, err := r.acquire(ctx, index)
		if err != nil {
			return err
		}
		if r.clock.Now().Sub(begun) >= standby {
			r.logger.Info("took a lane over", "lane", index, "term", term)
		}
		held, lose := context.WithCancelCause(ctx)
		renewed := make(chan struct{})
		go func() {
			defer close(renewed)
			r.renew(held, index, term, lose)
		}()
		l := newLane(r, index, term)
		err = l.run(held)
		cause := context.Cause(held)
		over := cause == errLeaseLost || cause == errHandedOver
		if hasCode(err, bailiwick.Stale, bailiwick.Gone, bailiwick.Forked) {
			over = over || l.overtaken(ctx) // what has gone from the log, another has applied
		}
		lose(nil)
		<-renewed
		r.release(ctx, index)
		if !over || ctx.Err() != nil {
			return err
		}
	}
}

// acquire waits for a lane's lease and returns its term.
func (r *runner) acquire(ctx context.Context, lane int) (term int64, err error) {
	for n := 1; ; n++ {
		lease, err := r.db.Lease(ctx, r.leaseName(lane), r.holder, leaseTTL)
		switch {
		case err == nil && lease.Held:
			return lease.Term, nil
		case err == nil:
			n = 0
			if err := r.sleep(ctx, askEvery); err != nil {
				return 0, err
			}
			r.observe(ctx, lane)
		case closed(err):
			return 0, err
		default:
			if err := r.pause(ctx, n, "taking the lease of a lane failed", err); err != nil {
				return 0, err
			}
		}
	}
}

// renew keeps the lease until ctx ends, or calls lose when another has it, or should.
func (r *runner) renew(ctx context.Context, lane int, term int64, lose context.CancelCauseFunc) {
	for due := r.clock.After(renewEvery); ; {
		change := r.seats.change()
		if !r.deals(lane) {
			r.logger.Info("handed a lane over", "lane", lane)
			lose(errHandedOver)
			return
		}
		select {
		case <-change:
		case <-due:
			if !r.holds(ctx, lane, term) {
				lose(errLeaseLost)
				return
			}
			due = r.clock.After(renewEvery)
		case <-ctx.Done():
			return
		}
	}
}

// holds renews a lease, and says whether it was held all the time. Where it cannot
// tell, it was: the term decides.
func (r *runner) holds(ctx context.Context, lane int, term int64) bool {
	lease, err := r.db.Lease(ctx, r.leaseName(lane), r.holder, leaseTTL)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.logger.Warn("renewing the lease of a lane failed, it is tried again", "lane", lane, "err", err)
	case !lease.Held || lease.Term != term:
		r.logger.Warn("the lease of a lane was lost", "lane", lane, "term", term, "holder", lease.Holder)
		return false
	}
	return true
}

// overtaken says whether another has the lane's lease, or moved its position: one that
// had the lease before may have begun its last commit then. It asks until it is told.
func (l *lane) overtaken(ctx context.Context) (over bool) {
	err := l.patiently(ctx, "looking who overtook a lane failed", closed, func() error {
		lease, err := l.db.Lease(ctx, l.leaseName(l.index), l.holder, leaseTTL)
		if err != nil {
			return err
		}
		row, ok, err := l.position(ctx, l.index)
		over = !lease.Held || lease.Term != l.term || ok && row.Position != l.stands
		return err
	})
	if over = over && err == nil; over {
		l.logger.Warn("a lane was overtaken", "lane", l.index, "term", l.term)
	}
	return over
}

// release gives the lease back, also while the process stops. A lease that is
// not given back runs out.
func (r *runner) release(ctx context.Context, lane int) {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = r.db.Lease(last, r.leaseName(lane), r.holder, 0)
}

// observe notes where a lane stands that another instance runs: the log is told
// of the slowest lane, wherever that runs. Nothing is noted while there is another
// number of lanes: it is not known of all of them where they stand.
func (r *runner) observe(ctx context.Context, lane int) {
	row, ok, err := r.position(ctx, lane)
	if err == nil && ok && row.Lanes == r.lanes && lane < r.lanes {
		r.committed(lane, row.Position)
	}
}
