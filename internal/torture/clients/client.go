package clients

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// client is one of them. It is used by one goroutine at a time.
type client struct {
	Options
	number int
	rand   *rand.Rand
	keys   int
	// poisoned says that it has sent its share of [bank.Poison].
	poisoned bool
	// unknown are requests whose outcome is not known, the oldest first.
	unknown []history.Op
	// last is the request that was answered last, if it had a key.
	last history.Op
}

func newClient(o Options, number int) *client {
	return &client{Options: o, number: number, rand: rand.New(rand.NewPCG(o.Seed, uint64(number)))}
}

// pause waits until the next request is due, and reports false when ctx is done.
func (c *client) pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-c.Clock.After(time.Duration(c.rand.Int64N(2 * int64(c.Pause)))):
		return ctx.Err() == nil
	}
}

// next asks for something: mostly something new.
func (c *client) next(ctx context.Context) error {
	switch {
	case len(c.unknown) > 0 && c.one(3):
		return c.askAgain(ctx)
	case c.last.ID != "" && c.one(12):
		return c.ask(ctx, c.last)
	}
	return c.ask(ctx, c.choose())
}

// askAgain asks again for what has been unknown for longest.
func (c *client) askAgain(ctx context.Context) error {
	op := c.unknown[0]
	c.unknown = c.unknown[1:]
	return c.ask(ctx, op)
}

// key returns an Idempotency-Key that no other request of this run has.
func (c *client) key() string {
	c.keys++
	return fmt.Sprintf("%x-%d-%d", c.Seed, c.number, c.keys)
}

// one is true one time in n.
func (c *client) one(n int) bool { return c.rand.IntN(n) == 0 }

// ask records a request, sends it, and records its end. Only a record that could not be
// written is an error. A request that was sent is waited for also when ctx is done.
func (c *client) ask(ctx context.Context, op history.Op) error {
	timeout := c.Timeout
	if c.one(16) {
		timeout = time.Duration(1+c.rand.IntN(30)) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	op.Client = c.number
	call, err := c.Recorder.Call(op)
	if err != nil {
		return err
	}
	outcome, value, err := c.send(ctx, op)
	switch {
	case op.ID == "": // a read is not worth asking for again
	case outcome == history.Info:
		c.unknown = append(c.unknown, op)
	default:
		c.last = op
	}
	reason := ""
	if err != nil {
		reason = err.Error()
	}
	return call.End(outcome, value, reason)
}

// send has the bank do it. value is the balance that came back, where one did.
func (c *client) send(ctx context.Context, op history.Op) (_ history.Outcome, value int64, err error) {
	switch op.Kind {
	case history.Transfer:
		_, outcome, err := c.Bank.Transfer(ctx, op.ID, op.From, op.To, op.Amount)
		return history.Outcome(outcome), 0, err
	case history.Move:
		account, outcome, err := c.Bank.Move(ctx, op.ID, op.To, op.Amount)
		return history.Outcome(outcome), account.Balance, err
	default:
		account, outcome, err := c.Bank.Balance(ctx, op.To)
		return history.Outcome(outcome), account.Balance, err
	}
}
