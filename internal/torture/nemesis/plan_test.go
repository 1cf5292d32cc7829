package nemesis_test

import (
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

var scope = nemesis.Scope{Kinds: nemesis.Kinds(), Processes: []string{"order", "wallet"}, Links: []string{"ledger>wallet", "clients>order", "order>wallet"},
	Pauses: [2]time.Duration{time.Second, 2 * time.Second}}

func TestTheSameSeedGivesTheSamePlan(t *testing.T) {
	one, same, other := nemesis.NewPlan(7, scope), nemesis.NewPlan(7, scope), nemesis.NewPlan(8, scope)
	differ := 0
	for range 1000 {
		a := one.Next()
		if b := same.Next(); a != b {
			t.Fatalf("%+v and %+v", a, b)
		}
		if a != other.Next() {
			differ++
		}
	}
	if differ < 900 {
		t.Errorf("another seed differs in %d of 1000 steps", differ)
	}
}

// Every kind comes, befalls what it can befall and lasts as long as it should; and of
// kills there are enough: 300 in the twenty minutes of a long run, of which two thirds
// are not calm.
func TestAPlanHasEverything(t *testing.T) {
	plan := nemesis.NewPlan(1, scope)
	befell, spent, kills, steps := map[nemesis.Kind]map[string]int{}, time.Duration(0), 0, 0
	for ; spent < 13*time.Minute; steps++ {
		s := plan.Next()
		spent += s.Wait
		if befell[s.Kind] == nil {
			befell[s.Kind] = map[string]int{}
		}
		befell[s.Kind][s.Target]++
		momentary := s.Kind == nemesis.Kill || s.Kind == nemesis.Point || s.Kind == nemesis.Restart
		if momentary != (s.Lasts == 0) {
			t.Errorf("%+v", s)
		}
		if s.Kind == nemesis.Pause && (s.Lasts < scope.Pauses[0] || s.Lasts > scope.Pauses[1]) {
			t.Errorf("%+v", s)
		}
		if s.Kind == nemesis.Kill {
			kills++
		}
	}
	for _, k := range nemesis.Kinds() {
		want := len(scope.Processes)
		switch {
		case k.OfLinks():
			want = len(scope.Links)
		case k == nemesis.Restart:
			want = 1
		}
		if len(befell[k]) != want {
			t.Errorf("%s befell %v", k, befell[k])
		}
	}
	if kills < 300 {
		t.Errorf("%d kills of %d steps", kills, steps)
	}
}
