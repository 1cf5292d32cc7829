package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick/internal/memory"
)

// schedule decides who goes on. Whatever could happen in one order or another waits at
// a gate until it is let through, one at a time: between two decisions everybody runs
// until he waits again, so nothing depends on how goroutines happen to be run.
type schedule struct {
	random *rand.Rand
	now    atomic.Int64 // nanoseconds since the beginning
	steps  atomic.Int64

	undecided int // decisions that were left to chance
	hash      uint64
	keep      bool // whether the trace is kept as text
	trace     []string

	mu      sync.Mutex
	waiting []*gate
}

// A gate is where a goroutine waits to be let through.
type gate struct {
	// key tells what waits: the same from one run of a seed to the next. Those with one
	// key are alike and harmless, two lanes that read the same page, and pass together.
	key   string
	of    *process    // nil for a client
	ready func() bool // nil means always
	alike bool        // whether another may have the key

	link    *link // if it is an answer of the network that is waited for
	commits bool
	open    chan pass
}

// pass is what comes with being let through.
type pass struct {
	fate memory.Fate
	odd  oddity // what the network does to an answer
	pick uint64
	dead bool
}

// wait waits at a gate, or until ctx ends.
func (s *schedule) wait(ctx context.Context, g *gate) (pass, error) {
	g.open = make(chan pass, 1)
	s.mu.Lock()
	if g.of != nil && g.of.dead {
		s.mu.Unlock()
		return pass{dead: true}, nil
	}
	s.waiting = append(s.waiting, g)
	s.mu.Unlock()
	select {
	case p := <-g.open:
		return p, nil
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting = slices.DeleteFunc(s.waiting, func(other *gate) bool { return other == g })
		return pass{}, ctx.Err()
	}
}

// ready waits until nobody runs and returns who may go on, by key, those with one key
// together.
func (s *schedule) ready() [][]*gate {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.SortFunc(s.waiting, func(a, b *gate) int { return strings.Compare(a.key, b.key) })
	var groups [][]*gate
	for i, g := range s.waiting {
		switch {
		case g.of != nil && g.of.paused || g.ready != nil && !g.ready():
		case i > 0 && len(groups) > 0 && groups[len(groups)-1][0].key == g.key:
			groups[len(groups)-1] = append(groups[len(groups)-1], g)
		default:
			groups = append(groups, []*gate{g})
		}
	}
	return groups
}

// let lets those at one gate through.
func (s *schedule) let(group []*gate, p pass) {
	if len(group) > 1 && !group[0].alike {
		group = group[:1] // which of them is not decided
		s.undecided++
		s.note("? whoever")
	}
	s.note(group[0].key)
	s.mu.Lock()
	s.waiting = slices.DeleteFunc(s.waiting, func(g *gate) bool { return slices.Contains(group, g) })
	s.mu.Unlock()
	for _, g := range group {
		g.open <- p
	}
}

// drop lets everybody of a process through who waits somewhere: it is dead.
func (s *schedule) drop(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.dead = true
	s.waiting = slices.DeleteFunc(s.waiting, func(g *gate) bool {
		if g.of == p {
			g.open <- pass{dead: true}
		}
		return g.of == p
	})
}

// note adds a decision to the trace.
func (s *schedule) note(what string) {
	s.steps.Add(1)
	for i := range len(what) {
		s.hash = (s.hash ^ uint64(what[i])) * 1099511628211
	}
	s.hash = (s.hash ^ '\n') * 1099511628211
	if s.keep {
		s.trace = append(s.trace, fmt.Sprintf("%4d %8v %s", s.steps.Load(), time.Duration(s.now.Load()), what))
	}
}

// passTime lets the next timers end, all that one process has at that time. It reports
// false if nobody waits for the time.
func (s *schedule) passTime(all []*process) bool {
	var due []*process
	var first int64
	for _, p := range all {
		if !p.awake() {
			continue
		}
		at, ok := p.clock.next()
		if at = max(at, s.now.Load()); !ok || len(due) > 0 && at > first {
			continue
		}
		if len(due) > 0 && at < first {
			due = due[:0]
		}
		due, first = append(due, p), at
	}
	if len(due) == 0 {
		return false
	}
	p := due[s.random.IntN(len(due))]
	s.now.Store(first)
	s.note("time " + p.name)
	p.clock.ring()
	return true
}
