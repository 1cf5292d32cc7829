package simulation

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// world is everything there is in one simulation.
type world struct {
	schedule
	plan     plan
	services []*service
	owners   sync.Map // *memory.DB → *process
	starts   uint64

	oddity oddity      // of the next answer of the network
	doom   memory.Fate // of the next commit
	later  []undoing
	copies map[string]memory.Copy // by service
	forks  []forked
	latest int64    // by how much the clocks have jumped that agree again
	jammed sync.Map // account → whether there is no hope

	outside *process          // where clients are
	clients int               // that are not done
	answers map[string]string // by request
	halts   sync.Mutex
}

// An undoing is what ends a fault, and when.
type undoing struct {
	at int64
	do func()
}

// forked is what became of a log when its disk was restored.
type forked struct {
	service *service
	fork    bailiwick.Fork
	before  []bailiwick.Message // what the log held until then
}

// newWorld makes a world in which nobody runs yet.
func newWorld(c Case, keep bool) *world {
	w := &world{plan: newPlan(c), copies: map[string]memory.Copy{},
		outside: &process{name: "client"}, answers: map[string]string{}}
	w.random, w.hash, w.keep = rand.New(rand.NewPCG(c.Seed, 2)), 14695981039346656037, keep
	byName := map[string]*service{}
	for _, name := range w.plan.services() {
		v := &service{name: name, stamps: w.plan.many[name], cut: map[*service]bool{}, holed: map[*service]bool{}, halted: map[string]bailiwick.Code{}}
		v.disk = memory.NewDisk(memory.Options{Stamps: v.stamps, Shared: w.plan.two[name], Clock: &clock{s: &w.schedule, grain: 1}, Hold: w.hold})
		v.lanes.Store(1)
		byName[name] = v
		w.services = append(w.services, v)
	}
	follows := func(name string, handlers func(*process, *service) follow.Handlers, from ...string) {
		v := byName[name]
		for _, other := range from {
			if v != nil && byName[other] != nil {
				v.follows, v.handlers = append(v.follows, byName[other]), handlers
				byName[other].readers = append(byName[other].readers, name)
			}
		}
	}
	follows("order", orderHandlers, "wallet", "payout")
	follows("wallet", walletHandlers, "order")
	follows("payout", payoutHandlers, "order")
	follows("ledger", ledgerHandlers, "wallet")
	for _, v := range w.services {
		switch v.name {
		case "wallet":
			w.prepare(v, openAccounts)
		case "ledger":
			v.lanes.Store(int64(w.plan.lanes))
			w.prepare(v, v.placeLanes)
		default:
			w.prepare(v, func(*store.Tx) error { return nil })
		}
	}
	return w
}

// prepare writes what a database holds when the simulation begins, and who is expected
// to follow its log.
func (w *world) prepare(v *service, fn func(*store.Tx) error) {
	db, err := v.disk.Open(v.name, store.Options{Logger: quiet, SlowQuery: -1})
	if err == nil {
		err = db.Do(context.Background(), fn)
	}
	if err == nil {
		err = db.Log().Expect(context.Background(), v.readers...)
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		panic(err)
	}
}

// start starts everybody who is not late.
func (w *world) start() {
	for _, v := range w.services {
		if v.name != w.plan.late {
			w.launch(v)
		}
	}
	w.clients = len(w.plan.clients)
	for i, requests := range w.plan.clients {
		go w.ask(i, requests)
		synctest.Wait()
	}
}

// launch starts a service, unless it was started before.
func (w *world) launch(v *service) {
	if len(v.processes) > 0 {
		return
	}
	v.processes = append(v.processes, w.begin(v, 0))
	if w.plan.two[v.name] {
		v.processes = append(v.processes, w.begin(v, 1))
	}
}

// all are the processes, also those that are dead.
func (w *world) all() (list []*process) {
	for _, v := range w.services {
		list = append(list, v.processes...)
	}
	return list
}

// hold is any disk at a moment. What happens before the simulation begins is not held.
func (w *world) hold(ctx context.Context, db *memory.DB, m memory.Moment) memory.Fate {
	if p, ok := w.owners.Load(db); ok {
		return p.(*process).hold(ctx, m)
	}
	return memory.Fate{}
}

// fate is what becomes of a commit.
func (w *world) fate() memory.Fate {
	fate := w.doom
	w.doom = memory.Fate{}
	return fate
}

// pass is what comes with being let through a gate.
func (w *world) pass(g *gate) pass {
	p := pass{pick: w.random.Uint64()}
	switch {
	case g.link != nil:
		p.odd, w.oddity = w.oddity, whole
		if p.odd == holed && g.link.to.service.holed[g.link.from] {
			p.odd = whole // who asks twice is told the truth
		} else if p.odd == holed {
			g.link.to.service.holed[g.link.from] = true
		}
	case g.commits:
		p.fate = w.fate()
	}
	return p
}

// halt notes that a follower gave up.
func (w *world) halt(v, from *service, code bailiwick.Code) {
	w.halts.Lock()
	defer w.halts.Unlock()
	v.halted[from.name] = code
}

// at lets something happen at a later decision.
func (w *world) at(step int64, do func()) { w.later = append(w.later, undoing{step, do}) }

// Uint64 is the randomness of followers: the same for all that happens in one step,
// because in which order they ask is not decided. Its form keeps those from trying
// again who want it even, and it is never so small that nobody waits at all.
func (w *world) Uint64() uint64 {
	return (1+(w.plan.seed*31+uint64(w.steps.Load())*2654435761)%255)<<56 | 1
}

// due lets happen what is due at this decision.
func (w *world) due() {
	synctest.Wait()
	now := w.steps.Load()
	for len(w.plan.faults) > 0 {
		i := slices.IndexFunc(w.plan.faults, func(f fault) bool { return f.at <= now })
		if i < 0 {
			break
		}
		f := w.plan.faults[i]
		w.plan.faults = slices.Delete(w.plan.faults, i, i+1)
		w.hit(f)
	}
	for i := 0; i < len(w.later); i++ {
		if u := w.later[i]; u.at <= now {
			w.later = slices.Delete(w.later, i, i+1)
			u.do()
			i = -1
		}
	}
	for _, p := range w.all() {
		if !p.dead && p.ended.Load() {
			p.kill() // it stopped as it was asked to, and is gone
			w.restart(p)
		}
	}
}
