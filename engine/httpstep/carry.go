package httpstep

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// The bounds between which the wait after an unanswered request doubles.
const (
	firstWait = 50 * time.Millisecond
	maxWait   = 2 * time.Second
)

// carry is the courier's errand: it posts the commands of a batch, those of one key
// in order, and returns what hands their answers to the orchestrator.
func (c *Courier) carry(ctx context.Context, msgs []*bailiwick.Message) ([]follow.Handler, error) {
	handlers := make([]follow.Handler, len(msgs))
	keys := map[string][]int{} // indexes into msgs
	commands := make([]*command, len(msgs))
	latest := map[string]int{}
	for i, m := range msgs {
		cmd, err := readCommand(m)
		if err != nil {
			handlers[i] = func(*store.Tx, *bailiwick.Message) error { return err }
			continue
		}
		commands[i] = cmd
		latest[cmd.instance()] = i
		keys[m.Key] = append(keys[m.Key], i)
	}
	var group sync.WaitGroup
	for _, which := range keys {
		group.Go(func() {
			for _, i := range which {
				cmd := commands[i]
				if latest[cmd.instance()] != i {
					continue // a saga awaits one answer at a time: that to its latest command
				}
				if a, ok := c.ask(ctx, cmd); ok {
					handlers[i] = c.reply(cmd, a)
				}
			}
		})
	}
	group.Wait()
	return handlers, ctx.Err()
}

// ask posts a command until it is answered or patience ends; ok is false if nobody
// knows.
func (c *Courier) ask(ctx context.Context, cmd *command) (a answer, ok bool) {
	clock := c.opts.DB.Clock()
	e := c.endpoints[cmd.message.Type]
	until := clock.Now().Add(c.opts.Patience)
	log := c.opts.Logger.With("saga", cmd.ID, "step", cmd.Step, "op", cmd.Op, "url", e.shown)
	err := errAsked
	for n := 1; ; n++ {
		wait := time.Duration(0)
		if n > 1 {
			wait = c.jitter(n - 1)
		}
		now := clock.Now()
		wait = max(wait, e.rests(now))
		if n > 1 && e.isAway() || now.Add(wait).After(until) {
			log.Warn("a step was not answered, it is left to the saga's timer", "requests", n-1, "err", err)
			e.wentAway()
			return a, false
		}
		if !c.sleep(ctx, wait) {
			return a, false
		}
		if a, err = c.post(ctx, e, cmd); err == nil {
			e.cameBack()
			return a, true
		}
		if ctx.Err() != nil {
			return a, false
		}
		log.Debug("a step is not known to be done, it is asked for again", "requests", n, "err", err)
	}
}

// errAsked stands for the reason where a participant asked to be left alone before
// it was asked for anything.
var errAsked = errors.New("the participant asked for a pause")

// sleep waits for d and reports whether ctx is still good.
func (c *Courier) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	select {
	case <-c.opts.DB.Clock().After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// jitter draws the wait after the n-th unanswered request: between nothing and a
// bound that doubles.
func (c *Courier) jitter(n int) time.Duration {
	bound := firstWait
	for ; n > 1 && bound < maxWait; n-- {
		bound *= 2
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.opts.Rand.Int64N(int64(min(bound, maxWait)) + 1))
}
