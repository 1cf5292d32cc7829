package nemesis

import (
	"math/rand/v2"
	"time"
)

// Step is one fault of a plan.
type Step struct {
	Wait   time.Duration // after the step before
	Kind   Kind
	Target string        // the process or link that it befalls; "" for the server
	Lasts  time.Duration // until it is mended; 0 for what happens in a moment
	Draw   uint64        // chance for whatever else the fault has to choose
}

// Scope is what a plan may choose from.
type Scope struct {
	Kinds     []Kind
	Processes []string
	Links     []string
	// Pauses bounds for how long a process is stopped; the upper bound should lie
	// beyond the leases of its database.
	Pauses [2]time.Duration
}

// Plan is an endless sequence of faults that follows from its seed.
type Plan struct {
	scope  Scope
	total  int
	chance *rand.Rand
}

// NewPlan returns the plan of a seed. The same seed and scope, which has at least one
// kind, give the same plan.
func NewPlan(seed uint64, scope Scope) *Plan {
	p := &Plan{scope: scope, chance: rand.New(rand.NewPCG(seed, 0))}
	for _, k := range scope.Kinds {
		p.total += k.weight()
	}
	return p
}

// The bounds that a plan draws from.
var (
	waits    = [2]time.Duration{50 * time.Millisecond, 900 * time.Millisecond}
	troubles = [2]time.Duration{200 * time.Millisecond, 3 * time.Second}
)

// Next returns the next step. It draws equally often for every step, so that a plan
// does not depend on what its steps come to.
func (p *Plan) Next() Step {
	s := Step{Wait: p.between(waits), Kind: p.kind()}
	where, lasts := p.chance.Uint64(), p.chance.Float64()
	s.Draw = p.chance.Uint64()
	stretch := func(in [2]time.Duration) time.Duration { return in[0] + time.Duration(lasts*float64(in[1]-in[0])) }
	targets := p.scope.Processes
	switch {
	case s.Kind == Restart:
		return s
	case s.Kind.OfLinks():
		targets, s.Lasts = p.scope.Links, stretch(troubles)
	case s.Kind == Pause:
		s.Lasts = stretch(p.scope.Pauses)
	case s.Kind == Disk, s.Kind == Clock:
		s.Lasts = stretch(troubles)
	}
	s.Target = targets[where%uint64(len(targets))]
	return s
}

// kind draws a kind by the weights.
func (p *Plan) kind() (k Kind) {
	n := p.chance.IntN(p.total)
	for _, k = range p.scope.Kinds {
		if n -= k.weight(); n < 0 {
			break
		}
	}
	return k
}

func (p *Plan) between(in [2]time.Duration) time.Duration {
	return in[0] + time.Duration(p.chance.Int64N(int64(in[1]-in[0])))
}
