package verdict

import (
	"fmt"
	"slices"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// transfersDone: whose transfer was done finds exactly one debit and one credit.
func transfersDone(b *books, r *Result) {
	for _, q := range b.asked(history.Transfer, history.OK) {
		made := b.byKey[q.ID]
		if len(made) == 0 {
			r.hold(false, "%s was answered as done, and order knows nothing of it", q.ID)
			continue
		}
		for _, t := range made {
			r.hold(t.Status == bank.Done && b.effect(t) == whole, "%s was answered as done; transfer %s is %s, %s", q.ID, t.ID, t.Status, b.tell(t))
		}
	}
}

// transfersFailed: whose transfer was refused finds nothing, or all of it taken back.
func transfersFailed(b *books, r *Result) {
	for _, q := range b.asked(history.Transfer, history.Fail) {
		for _, t := range b.byKey[q.ID] { // none where it was refused at the door: movesAskedFor finds what was done for no transfer
			r.hold(t.Status == bank.Rejected && b.effect(t) == nothing, "%s was answered as refused; transfer %s is %s, %s", q.ID, t.ID, t.Status, b.tell(t))
		}
	}
}

// transfersUnknown: of whose transfer nobody heard when it was asked for, be it that
// they heard later, order knows in the end, and it is all or nothing. Where order knows
// nothing either, the request never came.
func transfersUnknown(b *books, r *Result) {
	for _, q := range b.requests {
		unheard := func(op history.Op) bool { return op.Outcome == history.Info }
		if q.Kind != history.Transfer || !slices.ContainsFunc(q.again, unheard) {
			continue
		}
		for _, t := range b.byKey[q.ID] {
			whatItSays := map[string]effect{bank.Done: whole, bank.Rejected: nothing}
			want, ended := whatItSays[t.Status]
			r.hold(ended && b.effect(t) == want, "nobody heard of %s; transfer %s is %s, %s", q.ID, t.ID, t.Status, b.tell(t))
		}
	}
}

// keysOnce: a key makes one transfer at most, and the one that was asked for.
func keysOnce(b *books, r *Result) {
	asked := map[string]*request{}
	for _, q := range b.requests {
		if q.Kind == history.Transfer {
			asked[q.ID] = q
			r.hold(len(b.byKey[q.ID]) <= 1, "%s was asked for %d times and made %d transfers", q.ID, len(q.again), len(b.byKey[q.ID]))
		}
	}
	for _, t := range b.state.Transfers {
		q := asked[t.Key]
		if q == nil {
			r.hold(false, "transfer %s has the key %q, which nobody sent", t.ID, t.Key)
			continue
		}
		r.hold(t.From == q.From && t.To == q.To && t.Amount == q.Amount, "%s asked for %d from %s to %s; transfer %s is %d from %s to %s",
			q.ID, q.Amount, q.From, q.To, t.ID, t.Amount, t.From, t.To)
	}
}

// keysAnswered: what was asked again is answered as before, as far as both answers are
// definite.
func keysAnswered(b *books, r *Result) {
	for _, q := range b.requests {
		for _, op := range q.again[1:] {
			if op.Outcome == history.Info || q.Outcome == history.Info {
				continue
			}
			r.hold(q.asks(op) && op.Outcome == q.Outcome && (op.Outcome != history.OK || op.Value == q.Value),
				"%s was answered %s with %d, and later %s with %d", q.ID, q.Outcome, q.Value, op.Outcome, op.Value)
		}
	}
}

// payoutsAgree: payout knows of one confirmed payout for each transfer that was done.
// Of others it knows none, or one that was cancelled.
func payoutsAgree(b *books, r *Result) {
	for _, t := range b.state.Transfers {
		all := b.payouts[t.ID]
		if t.Status == bank.Done {
			r.hold(len(all) == 1 && all[0].Status == bank.Confirmed && all[0].Amount == t.Amount, "transfer %s of %d was done; its payouts are %v", t.ID, t.Amount, all)
			continue
		}
		for _, p := range all {
			r.hold(p.Status == bank.Cancelled, "transfer %s is %s; its payout is %s", t.ID, t.Status, p.Status)
		}
	}
	for _, p := range b.state.Payouts {
		if _, ok := b.byID[p.Transfer]; !ok {
			r.hold(false, "there is a payout, %s, of transfer %s, which order does not know", p.Status, p.Transfer)
		}
	}
}

// asked returns the requests of a kind that ended so.
func (b *books) asked(kind history.Kind, outcome history.Outcome) (some []*request) {
	for _, q := range b.requests {
		if q.Kind == kind && q.Outcome == outcome {
			some = append(some, q)
		}
	}
	return some
}

// effect is what a transfer did to balances.
type effect string

const (
	whole   effect = "all"     // one debit and one credit
	nothing effect = "nothing" // no debit, or one that was refunded
	torn    effect = "something between"
)

// effect tells what a transfer did.
func (b *books) effect(t bank.Transfer) effect {
	count := map[string]int{}
	for _, m := range b.moves[t.ID] {
		if m != move(t, m) {
			return torn
		}
		count[m.Kind]++
	}
	switch [3]int{count[bank.Withdraw], count[bank.Deposit], count[bank.Refund]} {
	case [3]int{1, 1, 0}:
		return whole
	case [3]int{0, 0, 0}, [3]int{1, 0, 1}:
		return nothing
	}
	return torn
}

// move returns m as it should be: the account and the amount follow from the transfer.
func move(t bank.Transfer, m bank.Move) bank.Move {
	switch m.Kind {
	case bank.Withdraw:
		m.Account, m.Delta = t.From, -t.Amount
	case bank.Deposit:
		m.Account, m.Delta = t.To, t.Amount
	case bank.Refund:
		m.Account, m.Delta = t.From, t.Amount
	default:
		m.Kind = ""
	}
	return m
}

// tell lists the moves of a transfer.
func (b *books) tell(t bank.Transfer) string {
	text := fmt.Sprintf("and of %d from %s to %s did:", t.Amount, t.From, t.To)
	for _, m := range b.moves[t.ID] {
		text += fmt.Sprintf(" %s %s %+d", m.Kind, m.Account, m.Delta)
	}
	return text
}
