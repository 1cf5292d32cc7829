package verdict

import (
	"maps"
	"slices"

	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// enteredOnce: ledger entered the effect of no message twice.
func enteredOnce(b *books, r *Result) {
	times := map[string]int{}
	for _, e := range b.state.Entries {
		times[e.Message]++
	}
	for _, message := range sorted(times) {
		r.hold(times[message] == 1, "message %s was entered %d times", message, times[message])
	}
}

// inboxInOutbox: ledger entered nothing but what wallet's log told of, as it told it.
func inboxInOutbox(b *books, r *Result) {
	for _, e := range b.state.Entries {
		m, moved := b.told[e.Message]
		logged := b.logged[e.Message]
		r.hold(moved && logged && m == e.Move, "message %s was entered as %s %s %+d; it stands in wallet's log: %v; wallet made the move: %v, %s %s %+d",
			e.Message, e.Kind, e.Account, e.Delta, logged, moved, m.Kind, m.Account, m.Delta)
	}
}

// outboxInInbox: each change of a balance is told of in wallet's log, by a message of
// its own, and ledger heard of it.
func outboxInInbox(b *books, r *Result) {
	entered, told := map[string]bool{}, map[string]bool{}
	for _, e := range b.state.Entries {
		entered[e.Message] = true
	}
	for _, m := range b.state.Moves {
		logged := b.logged[m.Message]
		r.hold(logged && entered[m.Message] && !told[m.Message], "%s %s %+d was told by message %s; it stands in wallet's log: %v; it was entered: %v; it tells of another move: %v",
			m.Kind, m.Account, m.Delta, m.Message, logged, entered[m.Message], told[m.Message])
		told[m.Message] = true
	}
}

// orderPerAccount: the log tells of an account's moves in the order of their commits,
// and ledger entered them in the order of the log.
//
// Seen in the order of its commits no account is ever below zero, and each balance that
// a client was told after a move of its own is found where that move stands.
func orderPerAccount(b *books, r *Result) {
	type shown struct {
		account        string
		delta, balance int64
	}
	balances, found := map[string]int64{}, map[shown]int{}
	maps.Copy(balances, b.start)
	for _, id := range b.log {
		m, ok := b.told[id]
		if !ok {
			continue // wallet answers order in the same log
		}
		balances[m.Account] += m.Delta
		r.hold(balances[m.Account] >= 0, "%s: in the order of the log it is at %d after message %s, %+d", m.Account, balances[m.Account], id, m.Delta)
		found[shown{m.Account, m.Delta, balances[m.Account]}]++
	}
	for _, q := range b.asked(history.Move, history.OK) {
		was := shown{q.To, q.Amount, q.Value}
		r.hold(found[was] > 0, "%s: %s moved %+d and was told %d; in the order of the log there is no such move that is not another's", q.To, q.ID, q.Amount, q.Value)
		found[was]--
	}
	for _, e := range b.state.Entries {
		r.hold(!e.Inverted, "%s: message %s was entered after a later one", e.Account, e.Message)
	}
}

// sorted returns the keys of all maps, each once.
func sorted[V any](all ...map[string]V) []string {
	union := map[string]V{}
	for _, m := range all {
		maps.Copy(union, m)
	}
	return slices.Sorted(maps.Keys(union))
}
