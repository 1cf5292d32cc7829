package simulation

import "testing"

// kept are cases that failed once, and what was wrong then. Every change of what
// programs do changes what a case leads to, so each fault has a test of its own beside
// what it was in.
var kept = []struct {
	found Case
	wrong string
}{
	{Case{Seed: 13938}, "follow: who stood just where a restored log forks did not start again"},
	{Case{Seed: 2991}, "follow: who was overtaken asked for what the log had forgotten, and stopped for good"},
	{Case{Seed: 305949}, "follow: so did who found its lane moved by a commit of whoever had it before"},
	{Case{Seed: 400944}, "follow: who waited for another number of lanes acknowledged what a slower one had not applied"},
	{Case{Seed: 31234}, "the same, with two lanes that became one"},
}

func TestKept(t *testing.T) {
	for _, k := range kept {
		if r := Run(t, k.found, false); len(r.Violations) > 0 {
			t.Errorf("%s\n%s", k.wrong, Report(t, r))
		}
	}
}
