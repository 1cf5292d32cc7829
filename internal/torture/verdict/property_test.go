package verdict_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// Whatever clients ask of a bank without faults, in whatever order and however little
// they hear of it, no invariant is broken.
func TestNoFalseAlarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, v := range some(t).check().Violations() {
			t.Errorf("%s", v)
		}
	})
}

// some returns a world at rest, in which anything may have happened that should.
func some(t *rapid.T) *world {
	w := newWorld(map[string]int64{"a": 60, "b": 60, "c": 0, "direct-1": 20, "direct-2": 0})
	w.ask(history.Op{Kind: history.Move, ID: "first", To: "direct-1", Amount: 1}, 0, 0, 0, true, true)
	moment := rapid.Map(rapid.IntRange(0, 40), func(n int) time.Duration { return time.Duration(n) * time.Millisecond })
	account := rapid.SampledFrom([]string{"a", "b", "c"})
	direct := rapid.SampledFrom([]string{"direct-1", "direct-2"})
	mostly := rapid.Map(rapid.IntRange(0, 9), func(n int) bool { return n < 8 })
	for n := range rapid.IntRange(1, 40).Draw(t, "requests") {
		op := history.Op{ID: fmt.Sprint("k", n)}
		switch op.Kind = rapid.SampledFrom([]history.Kind{history.Transfer, history.Move, history.Read}).Draw(t, "kind"); op.Kind {
		case history.Transfer:
			op.From, op.To, op.Amount = account.Draw(t, "from"), account.Draw(t, "to"), rapid.Int64Range(1, 60).Draw(t, "amount")
		case history.Move:
			op.To, op.Amount = direct.Draw(t, "account"), rapid.Int64Range(-20, 20).Draw(t, "amount")
		case history.Read:
			op.ID, op.To = "", direct.Draw(t, "account")
		}
		times := 1
		if op.ID != "" {
			times = rapid.IntRange(1, 3).Draw(t, "times")
		}
		for range times {
			w.ask(op, moment.Draw(t, "call"), moment.Draw(t, "while"), moment.Draw(t, "another"), mostly.Draw(t, "arrives"), mostly.Draw(t, "heard"))
		}
	}
	w.rest()
	return w
}

// Wherever something is missing or too much, somebody notices.
func TestDamageIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := some(t)
		i := rapid.IntRange(0, len(w.state.Moves)-1).Draw(t, "move")
		m := w.state.Moves[i]
		damages := []string{"missed", "repeated", "lost", "undone", "money", "overtaken"}
		if m.Kind != bank.Direct { // for which another of the same amount may stand, of which nobody heard
			damages = append(damages, "doubled")
		}
		switch rapid.SampledFrom(damages).Draw(t, "damage") {
		case "missed":
			w.state.Entries = slices.Delete(w.state.Entries, i, i+1)
		case "repeated":
			w.state.Entries = append(w.state.Entries, w.state.Entries[i])
		case "lost":
			w.unlog(m.Message)
		case "undone":
			w.state.Moves = slices.Delete(w.state.Moves, i, i+1)
		case "money":
			*w.account(m.Account) += rapid.SampledFrom([]int64{-1, 1}).Draw(t, "by")
		case "overtaken":
			w.state.Entries[i].Inverted = true
		case "doubled":
			w.repeat(m)
		}
		if len(w.check().Violations()) == 0 {
			t.Error("nobody noticed")
		}
	})
}
