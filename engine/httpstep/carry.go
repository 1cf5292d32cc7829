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
				a, ok := c.ask(ctx, cmd)
				if !ok {
					return // nor are those behind it asked for: their timers come later too
				}
				handlers[i] = c.reply(cmd, a)
			}
		})
	}
	group.Wait()
	return handlers, ctx.Err()
}

// errPause is why nothing was asked for, where that is so.
var errPause = errors.New("the participant asked for a pause")

// ask posts a command until it is answered or patience ends; ok is false if nobody
// knows.
func (c *Courier) ask(ctx context.Context, cmd *command) (a answer, ok bool) {
	clock := c.opts.DB.Clock()
	e := c.endpoints[cmd.message.Type]
	until := clock.Now().Add(c.opts.Patience)
	log := c.opts.Logger.With("saga", cmd.ID, "step", cmd.Step, "op", cmd.Op, "url", e.shown)
	err := errPause
	for sent := 0; ; sent++ {
		now := clock.Now()
		wait := max(c.jitter(sent), e.rests(now))
		if now.Add(wait).After(until) || sent > 0 && e.isAway() {
			log.Warn("a step was not answered, it is left to the saga's timer", "requests", sent, "err", err)
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
		log.Debug("a step is not known to be done, it is asked for again", "requests", sent+1, "err", err)
	}
}

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

// jitter draws the wait after n unanswered requests: between nothing and a bound that
// doubles.
func (c *Courier) jitter(n int) time.Duration {
	if n == 0 {
		return 0
	}
	bound := firstWait
	for ; n > 1 && bound < maxWait; n-- {
		bound *= 2
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(c.opts.Rand.Int64N(int64(min(bound, maxWait)) + 1))
}
