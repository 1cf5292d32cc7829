package bailiwicktest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// Steps returns what a saga did, in order: a line "STEP do done" for each operation of
// a step, and so on as [saga.Entry] says; "waits" where the answer is awaited.
func Steps(t testing.TB, db *store.DB, id string) []string {
	t.Helper()
	s, err := saga.Show(t.Context(), db, id)
	must(t, err)
	return steps(s)
}

func steps(s saga.Status) (list []string) {
	for _, e := range s.Log {
		outcome := e.Outcome
		if outcome == "" {
			outcome = "waits"
		}
		list = append(list, e.Step+" "+e.Op+" "+outcome)
	}
	return list
}

// WantSaga fails the test unless a saga is in a state ([saga.Completed],
// [saga.Compensated], …) and, if any are given, its steps are these; see [Steps].
func WantSaga(t testing.TB, db *store.DB, id, state string, want ...string) {
	t.Helper()
	s, err := saga.Show(t.Context(), db, id)
	if err != nil {
		list, _ := saga.List(t.Context(), db, saga.Filter{}) // only to say more
		var known []string
		for _, other := range list {
			known = append(known, other.ID)
		}
		t.Errorf("saga %s: %v\nthe sagas of %s are [%s]", id, err, db.Owner(), strings.Join(known, " "))
		return
	}
	got := steps(s)
	if s.State == state && (len(want) == 0 || slices.Equal(got, want)) {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "saga %s is %s", id, s.State)
	if s.Reason != "" {
		text.WriteString(" (" + s.Reason + ")")
	}
	text.WriteString(", want " + state)
	if len(want) > 0 {
		text.WriteString(" with the steps\n  " + strings.Join(want, "\n  "))
	}
	text.WriteString("\nits steps are\n  " + strings.Join(got, "\n  "))
	t.Error(text.String())
}
