// Package clients are the customers of package bank: several at once, each doing one
// thing after another, all of it drawn from a seed and recorded as it happens.
//
// They transfer money between accounts, change single accounts and read them; some of
// what they ask for must be refused. Where an answer does not come they do not know,
// and ask again later under the same Idempotency-Key; now and then they also ask again
// for what was answered, because a network may do that by itself.
package clients

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// Options say what the clients are to do. Bank and Recorder are needed.
type Options struct {
	// Bank is what they call. It retries nothing.
	Bank *bank.Client
	// Recorder is told of everything that they ask for, before they do.
	Recorder *history.Recorder
	// Seed decides what they ask for, and in which order each of them does.
	Seed uint64
	// Count is how many they are; 0 means 12.
	Count int
	// Pause is how long each waits between two requests, in the mean; 0 means 50 ms.
	Pause time.Duration
	// Timeout is how long an answer is waited for; 0 means 5 s. Some requests are given
	// up much earlier, so that outcomes are unknown even where nothing breaks.
	Timeout time.Duration
	// Clock is where the pauses come from; nil means the system's.
	Clock bailiwick.Clock
}

// Clients are a number of clients of one bank.
type Clients struct {
	all []*client
}

// New makes the clients. They do nothing yet. The accounts of [Start] are opened by
// whoever starts the bank.
func New(o Options) (*Clients, error) {
	if o.Bank == nil || o.Recorder == nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "clients: new", Err: errors.New("the bank or the recorder is missing"), Do: "give both"}
	}
	if o.Count == 0 {
		o.Count = 12
	}
	if o.Pause == 0 {
		o.Pause = 50 * time.Millisecond
	}
	if o.Timeout == 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Clock == nil {
		o.Clock = bailiwick.SystemClock{}
	}
	c := &Clients{}
	for n := range o.Count {
		c.all = append(c.all, newClient(o, n))
	}
	return c, nil
}

// Run has the clients work until ctx is done, which is no error. Requests that are
// under way then are waited for. The first record that cannot be written ends it. Run
// may be called again once it has returned.
func (c *Clients) Run(ctx context.Context) error {
	return c.each(ctx, func(ctx context.Context, one *client) error {
		for one.pause(ctx) {
			if err := one.next(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// Finish asks again for everything whose outcome is not known, until it is or ctx is
// done, and then reads every account of direct moves. It is called once nothing is
// broken any more, and returns how many outcomes are still unknown.
func (c *Clients) Finish(ctx context.Context) (unknown int, err error) {
	var left sync.Map
	err = c.each(ctx, func(ctx context.Context, one *client) error {
		defer func() { left.Store(one.number, len(one.unknown)) }()
		for len(one.unknown) > 0 && one.pause(ctx) {
			if err := one.askAgain(ctx); err != nil {
				return err
			}
		}
		for n := range directAccounts {
			if err := one.ask(ctx, history.Op{Kind: history.Read, To: forMoves(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	for _, n := range left.Range {
		unknown += n.(int)
	}
	return unknown, err
}

// each has every client work in a goroutine of its own, and waits for them all.
func (c *Clients) each(ctx context.Context, work func(context.Context, *client) error) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, one := range c.all {
		group.Go(func() error { return work(ctx, one) })
	}
	return group.Wait()
}
