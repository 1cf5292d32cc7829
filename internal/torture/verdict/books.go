package verdict

import (
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/store"
)

// books are everything that is known, laid open where the invariants look it up.
type books struct {
	start    map[string]int64
	ops      []history.Op
	state    bank.State
	requests []*request

	byKey   map[string][]bank.Transfer // transfers by Idempotency-Key
	byID    map[string]bank.Transfer
	moves   map[string][]bank.Move   // of transfers, by transfer
	payouts map[string][]bank.Payout // by transfer
	log     []string                 // the messages of wallet's log
	logged  map[string]bool          // whether a message stands in it
	told    map[string]bank.Move     // what wallet's messages tell of, whether they stand in it or not
}

// open lays the books open.
func open(start map[string]int64, ops []history.Op, s bank.State) *books {
	b := &books{start: start, ops: ops, state: s, requests: requests(ops),
		byKey: map[string][]bank.Transfer{}, byID: map[string]bank.Transfer{},
		moves: map[string][]bank.Move{}, payouts: map[string][]bank.Payout{}, logged: map[string]bool{}, told: map[string]bank.Move{}}
	for _, t := range s.Transfers {
		b.byKey[t.Key] = append(b.byKey[t.Key], t)
		b.byID[t.ID] = t
	}
	for _, m := range s.Moves {
		b.told[m.Message] = m
		if m.Kind != bank.Direct {
			b.moves[m.Transfer] = append(b.moves[m.Transfer], m)
		}
	}
	for _, p := range s.Payouts {
		b.payouts[p.Transfer] = append(b.payouts[p.Transfer], p)
	}
	for _, l := range s.Logs {
		if l.Name == store.LogName(bank.Wallet) {
			b.log = l.Messages
		}
	}
	for _, id := range b.log {
		b.logged[id] = true
	}
	return b
}
