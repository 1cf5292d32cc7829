package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// Options tune a Group. The zero value is ready to use.
type Options struct {
	// Logger hears of requests (at debug level, failures as errors) and of starts
	// and stops; nil means slog.Default(). See
	// trace.LogHandler.
	Logger *slog.Logger
	// IDs makes the trace and correlation ids of requests that bring none; nil
	// means from the system's clock and crypto/rand.
	IDs *bailiwick.IDs
	// Metrics are served at /NAME/metrics, by the name of the service.
	Metrics map[string]http.Handler
	// Feed makes what serves a service's log to followers in other processes, at
	// /NAME/feed; nil means that none is served. engine/httpfeed has one.
	Feed func(log *store.Log) http.Handler
	// Sources returns the log of producer as consumer reads it; nil means that the
	// producers are services of the same group.
	Sources func(ctx context.Context, consumer *Service, producer string, types []string) (follow.Source, error)
	// Tune adjusts a follower before it runs: its retries, batch or lanes.
	Tune func(consumer *Service, f *follow.Follower)
	// DrainTimeout bounds how long what is under way may take to come to rest once
	// Run is told to stop; 0 means 10 s.
	DrainTimeout time.Duration
}

// Group runs services in one process.
type Group struct {
	opts     Options
	services []*Service
	sources  []*settle.Source // set by Run, before phase is running
	requests atomic.Int64
	phase    atomic.Int32
}

// The phases of a group. Requests are taken only while it runs.
const (
	starting int32 = iota
	running
	draining
	stopped
)

// NewGroup returns a group of services. A name that is missing or taken twice, a
// database that is missing or has another owner, and a log that no service of the
// group produces have the code [bailiwick.Invalid].
func NewGroup(opts Options, services ...*Service) (*Group, error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.IDs == nil {
		opts.IDs = &bailiwick.IDs{}
	}
	if opts.DrainTimeout == 0 {
		opts.DrainTimeout = 10 * time.Second
	}
	g := &Group{opts: opts, services: services}
	if err := g.check(); err != nil {
		return nil, err
	}
	if opts.Sources == nil {
		g.opts.Sources = g.sibling
	}
	return g, nil
}

// Run starts every database, then the followers and parts, and works until ctx
// ends. Then it drains: requests are refused, and what is under way may come to
// rest within the drain timeout. Then it stops all in reverse order. Whatever did
// not come to rest is taken up at the next start. The first part that fails ends
// all, without draining, and Run returns its error. A Group runs once.
func (g *Group) Run(ctx context.Context) error {
	defer g.phase.Store(stopped)
	dbCtx, stopDBs := context.WithCancel(context.WithoutCancel(ctx))
	defer stopDBs()
	databases, dbCtx := errgroup.WithContext(dbCtx)
	workCtx, stopWork := context.WithCancel(dbCtx)
	defer stopWork()
	work, workCtx := errgroup.WithContext(workCtx)

	for _, s := range g.services {
		start(dbCtx, databases, s.DB)
	}
	parts, err := g.connect(ctx)
	if err != nil && ctx.Err() != nil {
		g.opts.Logger.Info("stopped before it had started", "err", err)
		err = nil
	} else if err == nil {
		for _, p := range parts {
			start(workCtx, work, p)
		}
		g.phase.Store(running)
		select {
		case <-ctx.Done():
			g.drain(workCtx)
		case <-workCtx.Done(): // a part failed, or a database, whose end ends the work too
		}
	}
	g.phase.Store(draining)
	stopWork()
	err = errors.Join(err, work.Wait())
	stopDBs()
	return errors.Join(err, databases.Wait())
}

// start runs a part in a group. That it was told to stop is not a failure.
func start(ctx context.Context, group *errgroup.Group, p Part) {
	group.Go(func() error {
		if err := p.Run(ctx); ctx.Err() == nil || !errors.Is(err, context.Canceled) {
			return err
		}
		return nil
	})
}

// drain refuses requests and waits for what is under way.
func (g *Group) drain(ctx context.Context) {
	g.phase.Store(draining)
	ctx, cancel := context.WithTimeout(ctx, g.opts.DrainTimeout)
	defer cancel()
	for g.requests.Load() > 0 && ctx.Err() == nil {
		settle.Pause(ctx)
	}
	if err := g.Settle(ctx); err != nil {
		g.opts.Logger.Warn("stopped before all had come to rest; the next start goes on from there", "err", err)
	}
}
