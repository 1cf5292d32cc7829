package verdict

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// patience is how long one stretch of an account's history may take to decide. What
// takes longer, and what follows it, stays undecided: the problem is NP-hard, and a
// guess would be a false alarm.
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
		r.linearize(account, b.start[account], accounts[account])
	}
}

// linearize decides the history of one account, as far as it can. What follows the
// first answer that cannot be explained would only repeat it.
func (r *Result) linearize(account string, balance int64, all []*request) {
	left := len(all)
	for _, stretch := range stretches(all) {
		switch explain(balance, stretch) {
		case porcupine.Ok:
			r.Checked += len(stretch)
		case porcupine.Unknown:
			r.Undecided += left
			return
		case porcupine.Illegal:
			q := culprit(balance, stretch)
			r.hold(false, "%s was certainly at %d, %s after the start; no order of the %d moves and reads since explains that client %d, asking at %s for %+d, was answered %s with %d at %s",
				account, balance, stretch[0].Call, len(stretch), q.Client, q.Call, q.Amount, q.Outcome, q.Value, q.Return)
			r.Undecided += left - 1
			return
		}
		left -= len(stretch)
		for _, q := range stretch {
			if q.Kind == history.Move && q.Outcome == history.OK {
				balance += q.Amount
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

// culprit returns the request whose answer was the first that cannot be explained by
// what was asked before.
func culprit(balance int64, all []*request) *request {
	answered := slices.DeleteFunc(slices.Clone(all), func(q *request) bool { return q.Outcome == history.Info })
	slices.SortStableFunc(answered, func(a, b *request) int { return cmp.Compare(a.Return, b.Return) })
	n := sort.Search(len(answered)-1, func(n int) bool { return explain(balance, until(answered[n].Return, all)) == porcupine.Illegal })
	return answered[n]
}

// until returns what was known at a moment of a stretch: what was answered later may
// already have taken effect, and nobody knew.
func until(moment time.Duration, all []*request) (known []*request) {
	for _, q := range all {
		switch {
		case q.Return <= moment:
			known = append(known, q)
		case q.Call <= moment && q.Kind == history.Move:
			unknown := *q
			unknown.Outcome, unknown.Return = history.Info, history.Never
			known = append(known, &unknown)
		}
	}
	return known
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
