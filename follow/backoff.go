package follow

import (
	"context"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Waits after failures of a database or a source. They are not Retry: no message
// is to blame. The longest is part of how soon work goes on when the other side is
// back.
const (
	troubleFirst = 50 * time.Millisecond
	troubleMax   = 2 * time.Second
)

// jitter draws the wait after the n-th failure, from 1: full jitter, between
// nothing and a bound that doubles from first to limit.
func (r *runner) jitter(n int, first, limit time.Duration) time.Duration {
	bound := first
	for ; n > 1 && bound < limit; n-- {
		bound *= 2
	}
	bound = min(bound, limit)
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Duration(r.rand.Int64N(int64(bound) + 1))
}

// pause waits after the n-th failure in a row of something that may mend, and
// tells of it. It returns ctx's error if that ends first.
func (r *runner) pause(ctx context.Context, n int, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	wait := r.jitter(n, troubleFirst, troubleMax)
	r.logger.Warn(what+", it is tried again", "wait", wait, "failures", n, "err", bailiwick.Loggable(err))
	return r.sleep(ctx, wait)
}

// sleep waits for d, or until ctx ends, whose error it returns.
func (r *runner) sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-r.clock.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// patiently calls fn until it succeeds or fails for good.
func (r *runner) patiently(ctx context.Context, what string, final func(error) bool, fn func() error) error {
	for n := 1; ; n++ {
		err := fn()
		if err == nil || final(err) {
			return err
		}
		if err := r.pause(ctx, n, what, err); err != nil {
			return err
		}
	}
}
