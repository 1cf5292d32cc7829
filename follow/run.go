package follow

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// Run follows the log until ctx ends, and then returns nil. It goes on by itself
// after every failure that waiting may mend. What it returns needs somebody:
//
//   - [bailiwick.Gone], [bailiwick.Forked]: the log cannot be followed from here
//   - [bailiwick.Stale]: the position was moved by somebody who holds no lease, or
//     another instance runs it with another number of lanes
//   - [bailiwick.Parked]: more than MaxParked keys were set aside
//   - [bailiwick.Closed]: a database was closed
//   - [bailiwick.Invalid]: the number of lanes may not change now
//
// Several instances of a follower may run where the engine lets processes share
// a database: each lane belongs to one of them at a time, by a lease, and each has
// its share of the lanes. One that is killed is replaced within about two seconds
// where the engine knows that it is gone, and one that stands still when its leases
// run out, after ten.
func (f *Follower) Run(ctx context.Context) error {
	r := newRunner(f)
	f.running.Store(r)
	defer f.running.CompareAndSwap(r, nil)

	err := r.agreeOnLanes(ctx)
	if err == nil {
		group, laneCtx := errgroup.WithContext(ctx)
		if r.db.Capabilities().Shared {
			defer r.sit(ctx)()
		}
		for i := range r.lanes {
			group.Go(func() error { return r.runLane(laneCtx, i) })
		}
		err = group.Wait()
	}
	if err == nil || ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.CodeOf(err), Op: "follow: run " + r.name, Err: err}
}

// Wake has the follower look for due retries at once. It looks by itself about
// once a second while keys are set aside, so this only saves that second.
func (f *Follower) Wake() {
	if r := f.running.Load(); r != nil {
		r.wakeAll()
	}
}

// A runner is a running follower: its settings with the defaults filled in, and what
// its lanes share.
type runner struct {
	name      string
	db        *store.DB
	clock     bailiwick.Clock
	source    Source
	headed    headed // source, where it can tell its head; else nil
	handlers  Handlers
	errand    Errand
	lanes     int
	batch     int
	retry     Retry
	maxParked int
	logger    *slog.Logger
	holder    string // of leases

	seats    seats
	progress progress
	wake     []chan struct{} // one for each lane

	mu   sync.Mutex
	rand *rand.Rand
}

// headed is a source that knows how far its log reaches without waiting.
// *store.Feed is one.
type headed interface{ Head() int64 }

func newRunner(f *Follower) *runner {
	r := &runner{
		name:     cmp.Or(f.Name, f.Source.Log()),
		db:       f.DB,
		clock:    f.DB.Clock(),
		source:   f.Source,
		handlers: f.Handlers,
		errand:   f.Errand,
		lanes:    max(f.Lanes, 1),
		batch:    cmp.Or(f.Batch, 256),
		retry: Retry{
			First:    cmp.Or(f.Retry.First, 100*time.Millisecond),
			Max:      cmp.Or(f.Retry.Max, time.Minute),
			Attempts: cmp.Or(f.Retry.Attempts, 10),
		},
		maxParked: cmp.Or(f.MaxParked, 100),
		logger:    f.Logger,
		holder:    f.DB.NewID().String(),
		rand:      f.Rand,
	}
	if r.errand.Run != nil {
		r.handlers = maps.Clone(f.Handlers)
		if r.handlers == nil {
			r.handlers = Handlers{}
		}
		for _, typ := range r.errand.Types {
			r.handlers[typ] = unready
		}
	}
	r.headed, _ = f.Source.(headed)
	if r.logger == nil {
		r.logger = f.DB.Logger()
	}
	r.logger = r.logger.With("follower", r.name)
	if r.rand == nil {
		r.rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	r.progress.at = make([]bailiwick.Position, r.lanes)
	r.wake = make([]chan struct{}, r.lanes)
	for i := range r.wake {
		r.wake[i] = make(chan struct{}, 1)
	}
	return r
}

func (r *runner) wakeAll() {
	for _, c := range r.wake {
		select {
		case c <- struct{}{}:
		default: // it is going to look already
		}
	}
}

// runLane runs one lane; where processes share the database, whenever this one
// holds its lease.
func (r *runner) runLane(ctx context.Context, index int) error {
	if r.db.Capabilities().Shared {
		return r.runLeased(ctx, index)
	}
	return newLane(r, index, 0).run(ctx)
}

// progress is how far the lanes have committed. The log may forget what the
// slowest of them has.
type progress struct {
	mu sync.Mutex
	at []bailiwick.Position
}

// committed notes where a lane stands and tells the log of the slowest.
func (r *runner) committed(lane int, p bailiwick.Position) {
	r.progress.mu.Lock()
	defer r.progress.mu.Unlock()
	r.progress.at[lane] = p
	slowest := p
	for _, q := range r.progress.at {
		if before(q, slowest) {
			slowest = q
		}
	}
	if slowest.Seq > 0 {
		r.source.Ack(slowest)
	}
}

func before(p, q bailiwick.Position) bool {
	return p.Epoch < q.Epoch || p.Epoch == q.Epoch && p.Seq < q.Seq
}
