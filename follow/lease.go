package follow

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	leaseTTL = 10 * time.Second
	// standby is how often an instance that waits for a lease asks for it.
	standby = time.Second
	// renewEvery is every how many looks at that pace a held lease is renewed.
	renewEvery = 3
)

var (
	errLeaseLost  = errors.New("another instance holds the lane's lease")
	errHandedOver = errors.New("the lane falls to another instance")
)

func (r *runner) leaseName(lane int) string { return fmt.Sprintf("follow/%s/%d", r.name, lane) }

// runLeased runs a lane while its lease is held, and waits for the lease while
// another instance has it, or should. The term goes into every move of the position,
// so an instance that was overtaken without noticing cannot commit.
func (r *runner) runLeased(ctx context.Context, index int) error {
	for {
		begun := r.clock.Now()
		for !r.deals(index) {
			if err := r.sleep(ctx, standby); err != nil {
				return err
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
		err = newLane(r, index, term).run(held)
		lost := context.Cause(held) == errLeaseLost || context.Cause(held) == errHandedOver
		lose(nil)
		<-renewed
		r.release(ctx, index)
		if !lost || ctx.Err() != nil {
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
			if err := r.sleep(ctx, standby); err != nil {
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
	for n := 1; r.sleep(ctx, standby) == nil; n++ {
		if !r.deals(lane) {
			r.logger.Info("handed a lane over", "lane", lane)
			lose(errHandedOver)
			return
		}
		if n%renewEvery != 0 {
			continue
		}
		lease, err := r.db.Lease(ctx, r.leaseName(lane), r.holder, leaseTTL)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			r.logger.Warn("renewing the lease of a lane failed, it is tried again", "lane", lane, "err", err)
		case !lease.Held || lease.Term != term:
			r.logger.Warn("the lease of a lane was lost", "lane", lane, "term", term, "holder", lease.Holder)
			lose(errLeaseLost)
		}
	}
}

// release gives the lease back, also while the process stops. A lease that is
// not given back runs out.
func (r *runner) release(ctx context.Context, lane int) {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_, _ = r.db.Lease(last, r.leaseName(lane), r.holder, 0)
}

// observe notes where a lane stands that another instance runs: the log is told
// of the slowest lane, wherever that runs.
func (r *runner) observe(ctx context.Context, lane int) {
	row, ok, err := r.position(ctx, lane)
	if err == nil && ok {
		r.committed(lane, row.Position)
	}
}
