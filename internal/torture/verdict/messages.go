package verdict

import (
	"maps"
	"slices"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
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
	told := map[string]bank.Move{}
	for _, m := range b.state.Moves {
		told[m.Message] = m
	}
	for _, e := range b.state.Entries {
		heard := bank.Move{Message: e.Message, Transfer: e.Transfer, Account: e.Account, Delta: e.Delta, Kind: e.Kind}
		m, moved := told[e.Message]
		_, logged := b.place[e.Message]
		r.hold(moved && logged && m == heard, "message %s was entered as %s %s %+d; it stands in wallet's log: %v; wallet made the move: %v, %s %s %+d",
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
		_, logged := b.place[m.Message]
		r.hold(logged && entered[m.Message] && !told[m.Message], "%s %s %+d was told by message %s; it stands in wallet's log: %v; it was entered: %v; it tells of another move: %v",
			m.Kind, m.Account, m.Delta, m.Message, logged, entered[m.Message], told[m.Message])
		told[m.Message] = true
	}
}

// orderPerAccount: the log tells of an account's moves in the order in which they were
// made, and ledger entered them in the order of the log.
func orderPerAccount(b *books, r *Result) {
	last := map[string]int{}
	after := func(what, message, account string) {
		place, logged := b.place[message]
		before, seen := last[account]
		if !logged {
			return // outboxInInbox and inboxInOutbox tell of it
		}
		if last[account] = place; seen {
			r.hold(place >= before, "%s: %s of message %s, the %dth of the log, came after that of the %dth", account, what, message, place+1, before+1)
		}
	}
	for _, m := range b.state.Moves {
		after("the move", m.Message, m.Account)
	}
	clear(last)
	for _, e := range b.state.Entries {
		after("the entry", e.Message, e.Account)
		if e.Inverted {
			r.hold(false, "%s: ledger saw message %s come after a later one", e.Account, e.Message)
		}
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
