package torture

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// Report is what became of a campaign.
type Report struct {
	Seed   uint64 `json:"seed"`
	Engine string `json:"engine"`
	// Took is how long the services were tortured, Rest how long they took after that
	// to come to rest, in nanoseconds.
	Took time.Duration `json:"took"`
	Rest time.Duration `json:"rest"`
	// Faults counts what befell them, Operations what clients asked for, by how it
	// ended.
	Faults     map[nemesis.Kind]int                     `json:"faults"`
	Operations map[history.Kind]map[history.Outcome]int `json:"operations"`
	// Serves is how soon a process that was killed took requests again, Moves how soon
	// each saga ended that was under way, or begun, when it was killed; both with
	// nothing else broken.
	Serves Recovery `json:"serves"`
	Moves  Recovery `json:"moves"`
	// Invariants are what was held against histories and books.
	Invariants verdict.Verdict `json:"invariants"`
	// Sound says that none was violated.
	Sound bool `json:"sound"`
}

// Recovery is how long something took, in nanoseconds.
type Recovery struct {
	Samples int           `json:"samples"`
	Median  time.Duration `json:"median"`
	Max     time.Duration `json:"max"`
}

func recoveryOf(samples []time.Duration) (r Recovery) {
	if r.Samples = len(samples); r.Samples > 0 {
		samples = slices.Sorted(slices.Values(samples))
		r.Median, r.Max = samples[r.Samples/2], samples[r.Samples-1]
	}
	return r
}

// report begins the report, of what the campaign itself has seen.
func (c *campaign) report() *Report {
	r := &Report{Seed: c.opts.Seed, Engine: c.opts.Engine, Took: c.took, Faults: c.faults.Counts(),
		Serves: recoveryOf(c.recovery.serves), Moves: recoveryOf(c.recovery.moves)}
	r.Faults[nemesis.Kill] += len(c.recovery.serves)
	return r
}

// count counts operations by kind and outcome.
func (r *Report) count(ops []history.Op) {
	r.Operations = map[history.Kind]map[history.Outcome]int{}
	for _, op := range ops {
		if r.Operations[op.Kind] == nil {
			r.Operations[op.Kind] = map[history.Outcome]int{}
		}
		r.Operations[op.Kind][op.Outcome]++
	}
}

// shown is how many violations of one invariant are printed; the JSON has them all.
const shown = 5

// Print writes the report for people.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "seed\t%d\t%s, tortured for %s, at rest after %s\n", r.Seed, r.Engine, round(r.Took), round(r.Rest))
	fmt.Fprint(t, "\nFAULT\tTIMES\n")
	total := 0
	for _, k := range slices.Sorted(maps.Keys(r.Faults)) {
		fmt.Fprintf(t, "%s\t%d\n", k, r.Faults[k])
		total += r.Faults[k]
	}
	fmt.Fprintf(t, "in all\t%d\n\nOPERATION\tOK\tFAIL\tINFO\n", total)
	for _, k := range slices.Sorted(maps.Keys(r.Operations)) {
		o := r.Operations[k]
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\n", k, o[history.OK], o[history.Fail], o[history.Info])
	}
	fmt.Fprint(t, "\nAFTER A KILL\tSAMPLES\tMEDIAN\tLONGEST\n")
	for _, line := range []struct {
		what string
		Recovery
	}{{"serves again", r.Serves}, {"a saga has ended", r.Moves}} {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\n", line.what, line.Samples, round(line.Median), round(line.Max))
	}
	fmt.Fprint(t, "\nINVARIANT\tCHECKED\tVIOLATIONS\n")
	for _, i := range r.Invariants {
		fmt.Fprintf(t, "%s\t%d\t%d\n", i.Invariant, i.Checked, len(i.Violations))
	}
	err := t.Flush()
	for _, i := range r.Invariants {
		if i.Undecided > 0 {
			_, err = fmt.Fprintf(w, "%s: %d more were not decided\n", i.Invariant, i.Undecided)
		}
		for n, v := range i.Violations {
			if n == shown {
				_, err = fmt.Fprintf(w, "%s: and %d more\n", i.Invariant, len(i.Violations)-shown)
				break
			}
			_, err = fmt.Fprintln(w, strings.ReplaceAll(v.String(), "\n", " "))
		}
	}
	said := "\nsound: nothing was lost or doubled\n"
	if !r.Sound {
		said = "\nVIOLATED: the promises above were broken\n"
	}
	_, last := fmt.Fprint(w, said)
	return cmp.Or(err, last)
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}
