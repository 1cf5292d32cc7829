package simulation

import (
	"fmt"
	"testing"
	"testing/synctest"
)

// A Result is what became of a simulation.
type Result struct {
	Case Case
	// Violations are the promises that were not kept; none if all was well.
	Violations []string
	// Unrest says that it never came to rest, and nothing else was looked at.
	Unrest bool
	// Hash is that of the trace: the same whenever the case is run.
	Hash uint64
	// Steps is how many decisions there were.
	Steps int64
	// Undecided is how many decisions were left to chance, so that the case may go
	// otherwise when it is run again: none where the promises of package follow hold.
	Undecided int
	// Trace tells every decision, if it was asked for.
	Trace []string
}

// Run runs one simulation. t is only where its goroutines belong: nothing fails.
func Run(t *testing.T, c Case, trace bool) (r Result) {
	synctest.Test(t, func(*testing.T) {
		w := newWorld(c, trace)
		r.Case = c
		w.start()
		w.storm()
		w.mend()
		if r.Violations = w.rest(); len(r.Violations) == 0 {
			r.Violations = w.judge()
		} else {
			r.Unrest = true
		}
		w.end()
		r.Hash, r.Steps, r.Undecided, r.Trace = w.hash, w.steps.Load(), w.undecided, w.trace
	})
	return r
}

// storm lets things happen and go wrong.
func (w *world) storm() {
	for w.steps.Load() < int64(w.plan.storm) {
		w.due()
		if groups := w.ready(); len(groups) > 0 && w.random.IntN(8) > 0 {
			group := groups[w.random.IntN(len(groups))]
			w.let(group, w.pass(group[0]))
		} else if !w.passTime(w.all()) && len(groups) == 0 {
			w.note("nothing") // all stand still
		}
	}
}

// end ends everybody.
func (w *world) end() {
	for _, p := range w.all() {
		if !p.dead {
			p.kill()
		}
	}
	w.drop(w.outside)
	synctest.Wait()
	for _, p := range w.all() {
		if !p.ended.Load() {
			panic(fmt.Sprint("simulation: a part of ", p.name, " did not end"))
		}
	}
}
