package verdict

import (
	"fmt"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// conservation: transfers move money about, they neither make nor lose any.
func conservation(b *books, r *Result) {
	var want, sum int64
	for _, balance := range b.start {
		want += balance
	}
	var direct int64
	for _, m := range b.state.Moves {
		if m.Kind == bank.Direct {
			direct += m.Delta
		}
	}
	for _, a := range b.state.Accounts {
		sum += a.Balance
	}
	if len(b.state.Accounts)+len(b.start) > 0 {
		r.hold(sum == want+direct, "the balances together were %d, direct moves brought %+d, and now they are %d: %+d", want, direct, sum, sum-want-direct)
	}
}

// noOverdraft: no account is below zero at rest, and none was when a client looked.
func noOverdraft(b *books, r *Result) {
	for _, a := range b.state.Accounts {
		r.hold(a.Balance >= 0, "%s is at %d", a.ID, a.Balance)
	}
	for _, op := range b.ops {
		if op.Kind != history.Transfer && op.Outcome == history.OK {
			r.hold(op.Value >= 0, "client %d was shown %s at %d, %s after the start", op.Client, op.To, op.Value, op.Return)
		}
	}
}

// balanceMoves: wallet's balances are what its own moves made of them.
func balanceMoves(b *books, r *Result) {
	sums := map[string]int64{}
	for _, m := range b.state.Moves {
		sums[m.Account] += m.Delta
	}
	b.balanced(r, "moves", sums)
}

// balanceEntries: wallet's balances are what ledger's entries make of them.
func balanceEntries(b *books, r *Result) {
	sums := map[string]int64{}
	for _, e := range b.state.Entries {
		sums[e.Account] += e.Delta
	}
	b.balanced(r, "entries", sums)
}

// balanced holds each balance against its start and a sum. Every account that is
// known to anybody is looked at.
func (b *books) balanced(r *Result, of string, sums map[string]int64) {
	balances := map[string]int64{}
	for _, a := range b.state.Accounts {
		if _, twice := balances[a.ID]; twice {
			r.hold(false, "there are two accounts %s", a.ID)
		}
		balances[a.ID] = a.Balance
	}
	for _, account := range sorted(b.start, sums, balances) {
		balance, exists := balances[account]
		if !exists {
			r.hold(false, "there is no account %s; it began with %d and its %s are %+d", account, b.start[account], of, sums[account])
			continue
		}
		r.hold(balance == b.start[account]+sums[account], "%s began with %d, its %s are %+d, and its balance is %d", account, b.start[account], of, sums[account], balance)
	}
}

// movesAskedFor: what changed a balance belongs to a transfer that order knows, or is a
// direct move that a client asked for. Direct moves do not say under which key they
// were made; so of each account and amount there are as many as were answered as done,
// and at most as many more as nobody heard of.
func movesAskedFor(b *books, r *Result) {
	type asked struct {
		account string
		delta   int64
	}
	least, most, found := map[asked]int{}, map[asked]int{}, map[asked]int{}
	var order []asked
	see := func(a asked) {
		if most[a]+found[a] == 0 {
			order = append(order, a)
		}
	}
	for _, q := range b.requests {
		a := asked{q.To, q.Amount}
		switch {
		case q.Kind != history.Move || q.Outcome == history.Fail:
			continue
		case q.Outcome == history.OK:
			see(a)
			least[a]++
		default:
			see(a)
		}
		most[a]++
	}
	for _, m := range b.state.Moves {
		if m.Kind == bank.Direct {
			a := asked{m.Account, m.Delta}
			see(a)
			found[a]++
			continue
		}
		_, known := b.byID[m.Transfer]
		r.hold(known, "there is a %s of %+d on %s for transfer %s, which order does not know", m.Kind, m.Delta, m.Account, m.Transfer)
	}
	for _, a := range order {
		bounds := fmt.Sprint(least[a])
		if least[a] < most[a] {
			bounds += fmt.Sprintf(" to %d", most[a])
		}
		r.hold(least[a] <= found[a] && found[a] <= most[a], "%+d on %s was asked for %s times, and was done %d times", a.delta, a.account, bounds, found[a])
	}
}
