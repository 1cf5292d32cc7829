package simulation

import (
	"errors"
	"fmt"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/memory"
)

// A fault is something that goes wrong at a decision, and with whom.
type fault struct {
	at   int64 // the decision
	kind kind
	pick uint64 // whom or what it hits, and for how long
}

// A kind of fault.
type kind string

const (
	crash     kind = "crash"      // a process is killed, and begins again later
	stop      kind = "stop"       // one is asked to end, and begins again
	pause     kind = "pause"      // one stands still, for longer than a lease or not
	leap      kind = "leap"       // much time passes at once
	jump      kind = "jump"       // one's wall clock is set, to later
	cut       kind = "cut"        // nothing comes from one service to another
	odd       kind = "odd"        // an answer of the network is not what it should be
	unknown   kind = "unknown"    // a commit's answer is lost, and it is committed
	unknownNo kind = "unknown-no" // the same, and it is not
	refusal   kind = "refusal"    // the database refuses a commit
	away      kind = "away"       // it is not there
	jam       kind = "jam"        // the ledger cannot book for an account
	forget    kind = "forget"     // a server takes those for gone who hold its leases
	relane    kind = "relane"     // the ledger is to have another number of lanes
	cancel    kind = "cancel"     // a client changes its mind
	backup    kind = "backup"     // a disk is copied
	restore   kind = "restore"    // and put back to that copy
)

// kinds are those that may hit at any time.
var kinds = []kind{crash, crash, stop, pause, pause, leap, leap, jump, cut, odd, odd, odd, unknown, unknown, unknownNo, refusal, away, jam, jam, forget, relane, cancel}

var errRefused = errors.New("simulation: the commit was refused")

// hit lets a fault happen.
func (w *world) hit(f fault) {
	pick := func(n int) int { return int(f.pick % uint64(n)) }
	later := w.steps.Load() + 3 + int64(f.pick>>32%40)
	var running []*process
	for _, p := range w.all() {
		if p.awake() {
			running = append(running, p)
		}
	}
	if len(running) == 0 {
		return
	}
	p := running[pick(len(running))]
	what := p.name
	switch f.kind {
	case crash:
		p.kill()
		w.at(later, func() { w.restart(p) })
	case stop:
		p.cancel()
	case pause:
		p.paused = true
		w.at(later, func() { p.paused = false })
	case leap:
		d := time.Duration(1+f.pick>>40%15) * time.Second
		w.now.Add(int64(d))
		what = d.String()
	case jump:
		p.clock.jumped.Add(int64(time.Duration(1+f.pick>>40%3600) * time.Second))
	case cut:
		if len(p.service.follows) > 0 {
			from := p.service.follows[int(f.pick>>40)%len(p.service.follows)]
			p.service.cut[from] = true
			w.at(later, func() { delete(p.service.cut, from) })
			what += " from " + from.name
		}
	case odd:
		w.oddity = []oddity{lost, short, holed, holed, swapped, twice}[f.pick>>40%6]
		what = fmt.Sprint(w.oddity)
	case unknown:
		w.doom = memory.Fate{After: &bailiwick.Error{Code: bailiwick.Unknown, Op: "simulation: commit"}}
	case unknownNo:
		w.doom = memory.Fate{Before: &bailiwick.Error{Code: bailiwick.Unknown, Op: "simulation: commit"}}
	case refusal:
		w.doom = memory.Fate{Before: errRefused}
	case away:
		w.doom = memory.Fate{Before: &bailiwick.Error{Code: bailiwick.Unavailable, Op: "simulation: commit"}}
	case jam:
		account := accounts[pick(len(accounts))]
		w.jammed.Store(account, f.pick>>40%2 == 0)
		what = account
	case forget:
		p.service.disk.ForgetHolders()
	case relane:
		if v := w.service("ledger"); v != nil {
			v.lanes.Store(3 - v.lanes.Load())
			what = v.name
			for _, p := range v.processes {
				w.at(w.steps.Load()+int64(f.pick>>20%40), p.cancel) // one after another, or all at once
				f.pick *= f.pick
			}
		}
	case cancel:
		if q, order := w.plan.clients[0][0], w.services[0].one(f.pick); q.to != "" && order != nil {
			go q.cancel(order, w.steps.Load())
			what = q.key
		}
	case backup:
		what = w.restorable(f).name
		w.copies[what] = w.restorable(f).disk.Copy()
	case restore:
		what = w.restorable(f).name
		w.putBack(w.restorable(f))
	}
	synctest.Wait()
	w.note("! " + string(f.kind) + " " + what)
}

// restorable is the service whose disk a backup or its restore is of.
func (w *world) restorable(f fault) *service { return w.services[int(f.pick%2)] }

// putBack restores a service's disk from its copy, if it has one, and starts it anew.
func (w *world) putBack(v *service) {
	old, ok := w.copies[v.name]
	if !ok {
		return
	}
	for _, p := range v.processes {
		p.kill()
	}
	before := v.disk.Messages()
	fork := v.disk.Restore(old)
	w.forks = append(w.forks, forked{v, fork, before})
	for _, p := range v.processes {
		w.restart(p)
	}
}

// restart begins a process anew, unless that has happened.
func (w *world) restart(p *process) {
	if p.dead && p.service.processes[p.index] == p {
		p.service.processes[p.index] = w.begin(p.service, p.index)
		w.note("start " + p.name)
	}
}

// mend ends all that is wrong.
func (w *world) mend() {
	synctest.Wait()
	w.note("mended")
	w.oddity, w.doom, w.plan.faults = whole, memory.Fate{}, nil
	for _, u := range w.later {
		u.do()
		synctest.Wait()
	}
	w.later = nil
	w.jammed.Clear()
	for _, v := range w.services {
		clear(v.cut)
	}
	for _, v := range w.services {
		w.launch(v)
	}
	for _, p := range w.all() {
		p.paused = false
		w.restart(p)
		w.latest = max(w.latest, p.clock.jumped.Load())
	}
	for _, p := range w.all() {
		p.clock.jumped.Store(w.latest) // all clocks agree again
	}
}
