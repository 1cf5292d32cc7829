package simulation

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// A process is one instance of a service, from its start until it ends or is killed.
type process struct {
	w       *world
	service *service
	index   int
	name    string // "wallet.1"; its successor has the same
	clock   *clock

	drv          *memory.DB
	db           *store.DB
	orchestrator *saga.Orchestrator
	transfers    *saga.Saga[transfer]

	dead, paused bool // changed while nobody runs

	cancel context.CancelFunc
	parts  sync.WaitGroup
	ended  atomic.Bool // all its parts have

	mu    sync.Mutex
	feeds map[string]*store.Feed // by who reads them
}

var quiet = slog.New(slog.DiscardHandler)

// begin starts a process of a service on what its disk holds.
func (w *world) begin(v *service, index int) *process {
	w.starts++
	p := &process{w: w, service: v, index: index, name: v.name + "." + strconv.Itoa(index), feeds: map[string]*store.Feed{},
		clock: &clock{s: &w.schedule, grain: w.plan.grain}}
	p.clock.jumped.Store(w.latest)
	drv, err := v.disk.OpenDriver(v.name)
	if err != nil {
		panic(err) // its predecessor is gone
	}
	p.drv = drv
	w.owners.Store(drv, p)
	var kept []string
	if !w.plan.trim {
		kept = forever
	}
	p.db = store.New(drv, v.name, store.Options{Clock: p.clock, Rand: &bits{rand.NewPCG(w.plan.seed, w.starts)}, Logger: quiet, SlowQuery: -1,
		Retention: store.Retention{Forever: kept}, RingBytes: max(1, w.plan.ring)})
	if v.name == "order" {
		p.orchestrator = saga.New(p.db, saga.Options{Monotonic: p.clock.monotonic, Hold: 5 * time.Second})
		if p.transfers, err = saga.Register(p.orchestrator, w.definition()); err != nil {
			panic(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	go func() {
		p.run(ctx)
		p.parts.Wait()
		p.ended.Store(true)
	}()
	synctest.Wait() // nobody runs while the next one begins, or the world is changed
	return p
}

// run registers who follows the log, and starts the parts.
func (p *process) run(ctx context.Context) {
	for _, reader := range p.service.readers {
		feed, err := p.db.Log().Feed(ctx, store.Subscriber{Name: reader})
		for err != nil {
			select {
			case <-p.clock.After(time.Second):
			case <-ctx.Done():
				return
			}
			feed, err = p.db.Log().Feed(ctx, store.Subscriber{Name: reader})
		}
		p.mu.Lock()
		p.feeds[reader] = feed
		p.mu.Unlock()
	}
	p.parts.Go(func() { _ = p.db.Run(ctx) })
	if p.orchestrator != nil {
		p.parts.Go(func() { _ = p.orchestrator.Run(ctx) })
	}
	for _, from := range p.service.follows {
		p.parts.Go(func() { p.follow(ctx, from) })
	}
}

// follow runs a follower, and again a second after it stopped, unless that was for good.
// Where it may not change its lanes yet it does what the error says: it goes on with as
// many as there were, for a while.
func (p *process) follow(ctx context.Context, from *service) {
	lanes := p.service.lanes.Load()
	for ctx.Err() == nil {
		running, stop := context.WithCancel(ctx)
		wanted := p.service.lanes.Load()
		if lanes != wanted {
			go func() {
				select {
				case <-p.clock.After(5 * time.Second):
				case <-running.Done():
				}
				stop()
			}()
		}
		f := &follow.Follower{DB: p.db, Source: &link{p.w, p, from}, Handlers: p.service.handlers(p, from), Lanes: int(lanes),
			Batch: p.w.plan.batch, Retry: follow.Retry{Max: time.Second, Attempts: 3}, Rand: rand.New(p.w), Logger: quiet}
		err := f.Run(running)
		stop()
		lanes = p.service.lanes.Load()
		switch code := bailiwick.CodeOf(err); code {
		case bailiwick.Forked, bailiwick.Gone:
			p.w.halt(p.service, from, code)
			return
		case bailiwick.Invalid:
			lanes = 3 - lanes // there are one or two
		}
		select {
		case <-p.clock.After(time.Second):
		case <-ctx.Done():
		}
	}
}

// awake says whether anything can come from the process.
func (p *process) awake() bool { return !p.dead && !p.paused }

// feed returns what a reader reads; nil while the process is not up.
func (p *process) feed(reader string) *store.Feed {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return nil
	}
	return p.feeds[reader]
}

// kill ends a process as a crash does.
func (p *process) kill() {
	p.drv.Kill()
	p.w.drop(p)
	p.cancel()
	synctest.Wait()
}

// hold is the process's database at a moment: it waits for its turn.
func (p *process) hold(ctx context.Context, m memory.Moment) memory.Fate {
	commits := m.Op == "commit"
	if commits && !p.service.stamps {
		return p.w.fate() // nothing could come between its beginning and its end
	}
	g := &gate{key: p.name + " " + m.Op + " " + m.What, of: p, commits: commits, alike: m.Op == "lease"}
	if m.Op == "begin" && !p.service.stamps {
		g.ready = func() bool { return !p.service.disk.Busy() }
	}
	pass, _ := p.w.wait(context.WithoutCancel(ctx), g)
	return pass.fate
}

// bits are the random bits of ids.
type bits struct{ source *rand.PCG }

// Read fills b.
func (r *bits) Read(b []byte) (int, error) {
	for i := 0; i+8 <= len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.source.Uint64())
	}
	return len(b), nil
}
