package torture

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// recovery is how soon killed processes came back, in nothing but calm.
type recovery struct {
	kills  int
	serves []time.Duration // from the kill until the same process takes requests again
	moves  []time.Duration // from the kill until a saga has ended that was under way then or begun just after it, each
}

// The accounts of the transfers that are under way when a process is killed in a calm.
// They are many, so that they are of several lanes.
const (
	probeCount   = 8
	probeBalance = 1_000_000
)

func probes() (accounts []string) {
	for n := range probeCount {
		accounts = append(accounts, fmt.Sprintf("probe-%d", n))
	}
	return accounts
}

// patience is how long a killed process, or a saga, is waited for in a calm.
const patience = 30 * time.Second

// kill kills one process, each in turn, and measures how soon it is back, and how soon
// transfers that were under way have ended.
func (c *campaign) kill(ctx context.Context) error {
	victim := c.fleet.children[c.recovery.kills%len(c.fleet.children)]
	c.recovery.kills++
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	under := make(chan struct{}, probeCount) // a transfer was taken in
	ended := make([]time.Time, probeCount)
	transfers, at := errgroup.WithContext(ctx)
	begin := func(n int) {
		transfers.Go(func() (err error) {
			ended[n], err = c.probe(at, n, under)
			return err
		})
	}
	for n := range probeCount / 2 {
		begin(n)
	}
	for range probeCount / 2 {
		select {
		case <-under:
		case <-at.Done():
			return transfers.Wait()
		}
	}
	_, life := victim.where()
	if victim.Kill() != nil {
		return transfers.Wait() // it died by itself; the next calm tries another
	}
	killed := c.opts.Clock.Now()
	for n := probeCount / 2; n < probeCount; n++ {
		begin(n) // these need all services, so they cannot have ended before
	}
	if c.again(ctx, victim, life) {
		c.recovery.serves = append(c.recovery.serves, c.opts.Clock.Now().Sub(killed))
	} else {
		c.recovery.serves = append(c.recovery.serves, patience)
	}
	err := transfers.Wait()
	for _, end := range ended {
		took := patience
		if !end.IsZero() {
			took = max(0, end.Sub(killed))
		}
		c.recovery.moves = append(c.recovery.moves, took)
	}
	return err
}

// again reports whether a process takes requests in another life than the one that was
// ended.
func (c *campaign) again(ctx context.Context, victim *child, life int) bool {
	for {
		if url, now := victim.where(); now > life && c.fleet.serves(ctx, victim.service, url) == nil {
			return true
		}
		if !c.pause(ctx, look) {
			return false
		}
	}
}

// probe transfers a little money, asks again until it knows the end, and returns when
// that was; zero if it never came.
func (c *campaign) probe(ctx context.Context, n int, under chan<- struct{}) (time.Time, error) {
	accounts := probes()
	op := history.Op{Client: c.opts.Clients + n, Kind: history.Transfer, ID: fmt.Sprintf("probe-%x-%d-%d", c.opts.Seed, c.recovery.kills, n),
		From: accounts[n], To: accounts[(n+1)%probeCount], Amount: 1}
	for first := true; ; first = false {
		call, err := c.recorder.Call(op)
		if err != nil {
			return time.Time{}, err
		}
		_, outcome, why := c.bank.Transfer(context.WithoutCancel(ctx), op.ID, op.From, op.To, op.Amount)
		if err := call.End(history.Outcome(outcome), 0, reason(why)); err != nil {
			return time.Time{}, err
		}
		if first {
			under <- struct{}{}
		}
		if outcome != bank.Info {
			return c.opts.Clock.Now(), nil
		}
		if !c.pause(ctx, look) {
			return time.Time{}, nil
		}
	}
}

func reason(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
