package verdict

import (
	"cmp"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// patience is how long one stretch of one account's history may take to decide. What
// takes longer is not counted as checked: the problem is NP-hard, and a guess would be
// a false alarm.
const patience = 5 * time.Second

// linearizable: an account behaves as if each request took effect at one moment
// between its call and its end, and each read saw the balance of one moment.
func linearizable(b *books, r *Result) {
	accounts := map[string][]*request{}
	for _, q := range b.requests {
		if q.Kind == history.Transfer || q.To == bank.Frozen || q.To == bank.Ghost {
			continue // several services took part, or refusals have other reasons
		}
		if q.Kind == history.Read && q.Outcome != history.OK {
			continue // says nothing
		}
		accounts[q.To] = append(accounts[q.To], q)
	}
	for _, account := range sorted(accounts) {
		balance := b.start[account]
		for _, stretch := range stretches(accounts[account]) {
			switch explain(balance, stretch) {
			case porcupine.Ok:
				r.Checked += len(stretch)
			case porcupine.Illegal:
				r.Checked += len(stretch) - 1
				first, last := stretch[0], stretch[len(stretch)-1]
				r.hold(false, "%s, from %s, at %d, to the call at %s: no order of its %d moves and reads explains what was answered", account, first.Call, balance, last.Call, len(stretch))
			}
			for _, q := range stretch {
				if q.Kind == history.Move && q.Outcome == history.OK {
					balance += q.Amount
				}
			}
		}
	}
}

// stretches cuts an account's history wherever nothing was under way. The balance at
// such a moment is certain, in whatever order things took effect; so each stretch can
// be decided alone, and together they decide the whole.
func stretches(all []*request) (cut [][]*request) {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b *request) int { return cmp.Compare(a.Call, b.Call) })
	begin, open := 0, time.Duration(0)
	for i, q := range all {
		if i > begin && q.Call > open {
			cut = append(cut, all[begin:i])
			begin = i
		}
		open = max(open, q.Return)
	}
	if begin < len(all) {
		cut = append(cut, all[begin:])
	}
	return cut
}

// explain looks for an order of the requests that explains their answers.
func explain(balance int64, all []*request) porcupine.CheckResult {
	ops := make([]porcupine.Operation, len(all))
	for i, q := range all {
		ops[i] = porcupine.Operation{ClientId: q.Client, Input: q, Call: int64(q.Call), Return: int64(q.Return)}
	}
	return porcupine.CheckOperationsTimeout(account(balance), ops, patience)
}

// account is what an account with this balance does, one request at a time.
//
// A move of which nobody heard may have been refused, or may never come: with an end
// that is never, it can always be placed after everything else, where nobody sees it.
func account(balance int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return balance },
		Step: func(state, input, _ any) (bool, any) {
			now, q := state.(int64), input.(*request)
			after := now + q.Amount
			switch {
			case q.Kind == history.Read:
				return q.Value == now, now
			case q.Outcome == history.Fail:
				return after < 0, now
			case q.Outcome == history.OK:
				return after >= 0 && q.Value == after, after
			case after < 0:
				return true, now
			}
			return true, after
		},
	}
}
