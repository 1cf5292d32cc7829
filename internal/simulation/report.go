package simulation

import (
	"fmt"
	"strings"
	"testing"
)

// minimise returns the case with as few of its faults as still lead to a violation, by
// leaving out one after another.
func minimise(t *testing.T, c Case) Case {
	if c.Only == nil {
		all := newPlan(c).faults
		c.Only = []int{}
		for i := range all {
			c.Only = append(c.Only, i)
		}
	}
	for i := 0; i < len(c.Only); {
		fewer := Case{Seed: c.Seed, Only: append(append([]int{}, c.Only[:i]...), c.Only[i+1:]...)}
		if len(Run(t, fewer, false).Violations) > 0 {
			c = fewer
		} else {
			i++
		}
	}
	return c
}

// Report tells of a case that failed, with as few faults as it takes.
func Report(t *testing.T, r Result) string {
	return Run(t, minimise(t, r.Case), true).String()
}

// String tells how a case is run again, what is wrong with it, and, if the trace was
// asked for, every decision that led there but for those of time.
func (r Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "case %s: %d decisions\n", r.Case, r.Steps)
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "  %s\n", v)
	}
	for _, line := range r.Trace {
		if !strings.Contains(line, " time ") {
			fmt.Fprintln(&b, line)
		}
	}
	return b.String()
}
