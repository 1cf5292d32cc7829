package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
)

// The waits of a submission: how long the service may take to settle a document
// before it answers, and the bounds of the pause after a failure, which doubles.
const (
	settleWait = 30 * time.Second
	firstPause = 20 * time.Millisecond
	maxPause   = 2 * time.Second
)

// persistence repeats what a service could not do at the moment.
type persistence struct {
	clock    bailiwick.Clock
	patience time.Duration
}

// do calls fn until it succeeds, fails for good, or has failed for as long as
// patience lasts.
func (p persistence) do(ctx context.Context, fn func() error) error {
	begun := p.clock.Now()
	wait := firstPause
	for {
		err := fn()
		if err == nil || ctx.Err() != nil || !temporary(err) || p.clock.Now().Sub(begun) > p.patience {
			return err
		}
		pause(ctx, p.clock, wait)
		wait = min(2*wait, maxPause)
	}
}

// submitter sends documents until they are settled.
type submitter struct {
	persistence
	clients *shop.Clients
}

// settle sends a document, again and again while the service is unavailable or the
// document pending, until it is settled. Its Idempotency-Key makes that one request.
func (s *submitter) settle(ctx context.Context, d *document) (summary orderapi.Summary, err error) {
	op := "replay: send " + d.name()
	for {
		err := s.do(ctx, func() error {
			var err error
			summary, err = d.post(ctx, s.clients, settleWait)
			return err
		})
		if err != nil {
			return summary, failed(op, err)
		}
		if summary.Settled() {
			return summary, nil
		}
		if err := s.stuck(ctx, summary.ID); err != nil {
			return summary, &bailiwick.Error{Code: bailiwick.Parked, Op: op, Err: err, Do: "see its saga, retry or resolve it, then run the replay again"}
		}
	}
}

// stuck says why a pending document will not be settled without a person.
func (s *submitter) stuck(ctx context.Context, id string) error {
	status, err := s.clients.Order.Saga(ctx, id)
	if err != nil || status.State != saga.Parked {
		return nil // ask for the document again: it knows better
	}
	return fmt.Errorf("the saga of document %s is parked: %s", id, status.Reason)
}

// temporary says whether a request that failed so is worth repeating.
func temporary(err error) bool {
	var p *web.Problem
	if errors.As(err, &p) {
		switch p.Status {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	code := bailiwick.CodeOf(err)
	return code == bailiwick.Unavailable || code == bailiwick.Unknown
}
