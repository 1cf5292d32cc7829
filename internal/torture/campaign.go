package torture

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/clients"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// campaign is one run.
type campaign struct {
	opts     Options
	fleet    *fleet
	bank     *bank.Client // past all links
	start    map[string]int64
	recorder *history.Recorder
	clients  *clients.Clients
	faults   *nemesis.Log
	nemesis  *nemesis.Nemesis
	running  verdict.Result
	recovery recovery
	begun    time.Time
	took     time.Duration
}

// The files in the directory of a campaign.
const (
	historyFile = "history.jsonl"
	faultsFile  = "faults.jsonl"
	stateFile   = "state.json"
)

// Run tortures the services for as long as the options say, or until ctx ends; then it
// has them come to rest and judges. That they broke a promise is in the report; an
// error is that there is no report: the campaign itself failed.
func Run(ctx context.Context, opts Options) (*Report, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	fleet, err := newFleet(opts)
	if err != nil {
		return nil, err
	}
	defer fleet.close()
	c := &campaign{opts: opts, fleet: fleet, begun: opts.Clock.Now(), bank: fleet.bank(fleet.past, time.Minute), running: verdict.Result{Invariant: verdict.RunningSums}}
	defer c.bank.HTTP.CloseIdleConnections()

	// The processes outlive ctx: they have to come to rest.
	kept, release := context.WithCancel(context.WithoutCancel(ctx))
	defer release()
	var report *Report
	all, kept := errgroup.WithContext(kept)
	all.Go(func() error { return fleet.run(kept) })
	all.Go(func() (err error) {
		defer release()
		report, err = c.run(ctx, kept)
		return err
	})
	if err := all.Wait(); err != nil {
		return nil, err
	}
	return report, nil
}

// run is the campaign beside the running processes. It ends early with ctx, and at
// once with kept.
func (c *campaign) run(ctx, kept context.Context) (*Report, error) {
	for _, file := range []string{historyFile, faultsFile, stateFile} {
		_ = os.Remove(filepath.Join(c.opts.Dir, file)) // of another campaign
	}
	faults, err := os.Create(filepath.Join(c.opts.Dir, faultsFile))
	if err != nil {
		return nil, broken("write the faults down", err)
	}
	defer faults.Close()
	if c.recorder, err = history.Create(filepath.Join(c.opts.Dir, historyFile), c.opts.Clock); err != nil {
		return nil, err
	}
	defer c.recorder.Close()
	if err := c.open(kept); err != nil {
		return nil, err
	}
	c.faults = nemesis.NewLog(faults, c.opts.Clock)
	if len(c.opts.Faults) > 0 {
		c.nemesis = nemesis.New(nemesis.NewPlan(c.opts.Seed, c.fleet.scope()), c.fleet.arm, c.faults)
	}
	if err := c.torture(ctx, kept); err != nil {
		return nil, err
	}
	c.took = c.opts.Clock.Now().Sub(c.begun)
	return c.judge(kept)
}

// answered is how long an answer waits for the end of a transfer.
const answered = 2 * time.Second

// open has the services come up and opens the accounts.
func (c *campaign) open(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	c.start = clients.Start()
	for _, account := range probes() {
		c.start[account] = probeBalance
	}
	if err := c.bank.Open(ctx, c.start); err != nil {
		return broken("open the accounts", err)
	}
	c.bank.Wait = answered
	through := c.fleet.bank(c.fleet.through, 0)
	through.Wait = answered
	var err error
	c.clients, err = clients.New(clients.Options{Bank: through, Recorder: c.recorder, Seed: c.opts.Seed, Count: c.opts.Clients, Clock: c.opts.Clock})
	return err
}

// torture goes through the rounds while clients work.
func (c *campaign) torture(ctx, kept context.Context) error {
	ctx, enough := context.WithTimeout(ctx, c.opts.For)
	defer enough()
	at, stop := context.WithCancel(kept)
	all, at := errgroup.WithContext(at)
	defer context.AfterFunc(at, enough)() // a storm is not waited for where all else has ended
	all.Go(func() error { return c.clients.Run(at) })
	all.Go(func() error { return c.tell(at) })
	all.Go(func() error {
		defer stop()
		for ctx.Err() == nil && at.Err() == nil {
			if err := c.storm(ctx); err != nil {
				return err
			}
			if err := c.calm(at); err != nil {
				return err
			}
		}
		return nil
	})
	return all.Wait()
}

// storm has the nemesis at work for a while.
func (c *campaign) storm(ctx context.Context) error {
	ctx, over := context.WithTimeout(ctx, c.opts.Storm)
	defer over()
	if c.nemesis == nil {
		<-ctx.Done()
		return nil
	}
	return c.nemesis.Run(ctx)
}

// calm waits until the services have recovered, compares the sums of those that work,
// and kills one process with nothing else going on.
func (c *campaign) calm(ctx context.Context) error {
	if err := c.ready(ctx); err != nil {
		return nil // the verdict says that they did not come back
	}
	for range comparisons {
		c.compare(ctx)
	}
	if c.nemesis == nil {
		return nil
	}
	return c.kill(ctx)
}

// ready returns once every process takes requests.
func (c *campaign) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Rest)
	defer cancel()
	for {
		err := c.fleet.ready(ctx)
		if err == nil {
			return nil
		}
		if !c.pause(ctx, look) {
			return broken("wait for the services", err)
		}
	}
}

// look is the time between two looks at the services.
const look = 10 * time.Millisecond

// pause waits; it reports whether ctx is still there.
func (c *campaign) pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-c.opts.Clock.After(d):
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// broken is an error of the campaign itself.
func broken(what string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "torture: " + what, Err: err, Do: "look into services.log in the campaign's directory"}
}
