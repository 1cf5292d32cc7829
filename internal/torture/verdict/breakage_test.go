package verdict_test

import (
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// breakages are what each invariant is there to find, each made in a small world that
// is right but for it.
var breakages = []struct {
	invariant, what string
	breakIt         func(w *world)
}{
	{"transfer-ok", "a debit without a credit", func(w *world) { w.forget(bank.Deposit, "done") }},
	{"transfer-ok", "a credit without a debit", func(w *world) { w.forget(bank.Withdraw, "done") }},
	{"transfer-ok", "two credits", func(w *world) { w.double(bank.Deposit, "done") }},
	{"transfer-ok", "two debits", func(w *world) { w.double(bank.Withdraw, "done") }},
	{"transfer-ok", "it was also refunded", func(w *world) { w.move(w.of("done").ID, "a", 30, bank.Refund) }},
	{"transfer-ok", "credited to another account", func(w *world) { w.find(bank.Deposit, "done").Account = "direct" }},
	{"transfer-ok", "credited with another amount", func(w *world) { w.find(bank.Deposit, "done").Delta++ }},
	{"transfer-ok", "order forgot it", func(w *world) { w.state.Transfers = w.state.Transfers[1:] }},
	{"transfer-ok", "order says it was rejected", func(w *world) { w.of("done").Status = bank.Rejected }},
	{"transfer-failed", "the debit was not refunded", func(w *world) { w.forget(bank.Refund, "above") }},
	{"transfer-failed", "refunded twice", func(w *world) { w.double(bank.Refund, "above") }},
	{"transfer-failed", "refunded without a debit", func(w *world) { w.forget(bank.Withdraw, "above") }},
	{"transfer-failed", "credited all the same", func(w *world) { w.move(w.of("short2").ID, "b", 500, bank.Deposit) }},
	{"transfer-failed", "order says it was done", func(w *world) { w.of("short2").Status = bank.Done }},
	{"transfer-unknown", "a debit without a credit", func(w *world) { w.forget(bank.Deposit, "unheard") }},
	{"transfer-unknown", "two debits", func(w *world) { w.double(bank.Withdraw, "unheard") }},
	{"transfer-unknown", "order says it was rejected", func(w *world) { w.of("unheard").Status = bank.Rejected }},
	{"transfer-unknown", "order says it is pending", func(w *world) { w.of("unheard").Status = bank.Pending }},
	{"key-once", "one key, two transfers", func(w *world) {
		again := *w.of("done")
		again.ID = "t99"
		w.state.Transfers = append(w.state.Transfers, again)
	}},
	{"key-once", "a transfer that nobody asked for", func(w *world) {
		w.state.Transfers = append(w.state.Transfers, bank.Transfer{ID: "t99", Key: "nobody's", Status: bank.Rejected})
	}},
	{"key-once", "another amount than was asked for", func(w *world) { w.of("lost").Amount++ }},
	{"key-answer", "done, then refused", func(w *world) { w.asked("done", 1).Outcome = history.Fail }},
	{"key-answer", "another balance", func(w *world) {
		again := *w.asked("in", 0)
		again.Call, again.Return, again.Value = again.Return, again.Return+1, again.Value+1
		w.ops = append(w.ops, again)
	}},
	{"moves-asked-for", "a move of no transfer", func(w *world) { w.move("t99", "a", 1, bank.Deposit) }},
	{"moves-asked-for", "a direct move is done twice", func(w *world) { w.double(bank.Direct, "direct in") }},
	{"moves-asked-for", "a direct move that was answered is missing", func(w *world) { w.forget(bank.Direct, "direct in") }},
	{"moves-asked-for", "a direct move that was refused", func(w *world) { w.move("t99", "direct", -50, bank.Direct) }},
	{"moves-asked-for", "one of which nobody heard is done twice", func(w *world) { w.double(bank.Direct, "direct unheard2") }},
	{"linearizable", "a read of what never was", func(w *world) { w.read(0).Value = 7 }},
	{"linearizable", "a stale read", func(w *world) { w.read(1).Value = 15 }},
	{"linearizable", "a read that nobody's move explains", func(w *world) { w.read(1).Value = 12 }},
	{"linearizable", "a lost update", func(w *world) { w.asked("out", 0).Value = 6 }},
	{"linearizable", "a refusal without a reason", func(w *world) { w.asked("short", 0).Amount = -5 }},
	{"conservation", "money from nowhere", func(w *world) { *w.account("a")++ }},
	{"conservation", "money lost on its way", func(w *world) { *w.account("a")-- }},
	{"no-overdraft", "an account below zero", func(w *world) { *w.account("b") = -1 }},
	{"no-overdraft", "a client saw one below zero", func(w *world) { w.read(0).Value = -1 }},
	{"balance-moves", "money moved between accounts by nobody", func(w *world) { *w.account("a")--; *w.account("b")++ }},
	{"balance-moves", "an account is gone", func(w *world) { w.state.Accounts = w.state.Accounts[1:] }},
	{"balance-moves", "an account is there twice", func(w *world) { w.state.Accounts = append(w.state.Accounts, w.state.Accounts[0]) }},
	{"balance-entries", "an entry is missing", func(w *world) { w.state.Entries = w.state.Entries[1:] }},
	{"balance-entries", "an entry of another amount", func(w *world) { w.state.Entries[0].Delta++ }},
	{"entered-once", "a message is entered twice", func(w *world) { w.state.Entries = append(w.state.Entries, w.state.Entries[0]) }},
	{"inbox-in-outbox", "an entry of no message", func(w *world) { w.state.Entries = append(w.state.Entries, bank.Entry{Move: bank.Move{Message: "m99"}}) }},
	{"inbox-in-outbox", "an entry whose message tells of something else", func(w *world) { w.state.Entries[0].Account = "b" }},
	{"inbox-in-outbox", "an entry of a message that its log does not have", func(w *world) { w.unlog("m1") }},
	{"inbox-in-outbox", "an entry of a message whose change was undone", func(w *world) { w.state.Moves = w.state.Moves[1:] }},
	{"outbox-in-inbox", "a message was skipped", func(w *world) { w.state.Entries = w.state.Entries[1:] }},
	{"outbox-in-inbox", "a change without its message", func(w *world) { w.unlog("m1") }},
	{"outbox-in-inbox", "two changes with one message", func(w *world) { w.state.Moves = append(w.state.Moves, w.state.Moves[0]) }},
	{"order-per-account", "two moves of an account stand the wrong way round in the log", func(w *world) {
		w.swap(w.find(bank.Direct, "direct in"), w.find(bank.Direct, "direct out"))
	}},
	{"order-per-account", "an account paid before it was paid", func(w *world) {
		w.swap(w.find(bank.Deposit, "first"), w.find(bank.Withdraw, "then"))
	}},
	{"order-per-account", "ledger saw one overtake another", func(w *world) { w.state.Entries[1].Inverted = true }},
	{"payouts-agree", "nothing was paid out", func(w *world) { w.state.Payouts = w.state.Payouts[1:] }},
	{"payouts-agree", "paid out twice", func(w *world) { w.state.Payouts = append(w.state.Payouts, w.state.Payouts[0]) }},
	{"payouts-agree", "another amount", func(w *world) { w.state.Payouts[0].Amount++ }},
	{"payouts-agree", "it is reserved for ever", func(w *world) { w.state.Payouts[0].Status = bank.Reserved }},
	{"payouts-agree", "what was rejected is paid out", func(w *world) {
		w.state.Payouts = append(w.state.Payouts, bank.Payout{Transfer: w.of("above").ID, Amount: 55, Status: bank.Confirmed})
	}},
	{"payouts-agree", "what was rejected stays reserved", func(w *world) {
		w.state.Payouts = append(w.state.Payouts, bank.Payout{Transfer: w.of("above").ID, Amount: 55, Status: bank.Reserved})
	}},
	{"payouts-agree", "a payout of no transfer", func(w *world) {
		w.state.Payouts = append(w.state.Payouts, bank.Payout{Transfer: "t99", Status: bank.Cancelled})
	}},
	{"sagas-ended", "a saga is on its way", func(w *world) { w.state.Sagas = []bank.Saga{{ID: "t1", Status: "running"}} }},
	{"sagas-ended", "a saga is lost and its transfer pends", func(w *world) { w.of("above").Status = bank.Pending }},
	{"followers-at-head", "a follower lags", func(w *world) { w.state.Logs[0].Followers[bank.Ledger]-- }},
	{"followers-at-head", "a follower is beyond the head", func(w *world) { w.state.Logs[1].Head-- }},
	{"followers-at-head", "a message is still to be stamped", func(w *world) { w.state.Logs[1].Staged = 1 }},
	{"nothing-parked", "a key is parked", func(w *world) { w.state.Parked = 1 }},
}

// Every invariant finds what it is there for.
func TestEachBreakageIsFound(t *testing.T) {
	names, says := verdict.Invariants()
	tried := map[string]bool{}
	for _, c := range breakages {
		t.Run(c.invariant+": "+c.what, func(t *testing.T) {
			w := small()
			c.breakIt(w)
			var by []string
			for _, v := range w.check().Violations() {
				by = append(by, v.Invariant)
			}
			if !slices.Contains(by, c.invariant) {
				t.Errorf("it was found by %v", by)
			}
		})
		tried[c.invariant] = true
	}
	for i, name := range names {
		if !tried[name] || says[i] == "" {
			t.Errorf("nobody has seen %q fail, or it says nothing: %q", name, says[i])
		}
	}
}

// of finds the transfer of a key; one that order does not know is made up.
func (w *world) of(key string) *bank.Transfer {
	i := slices.IndexFunc(w.state.Transfers, func(t bank.Transfer) bool { return t.Key == key })
	if i < 0 {
		op := w.asked(key, 0)
		i = len(w.state.Transfers)
		w.state.Transfers = append(w.state.Transfers, bank.Transfer{ID: "t99", Key: key, From: op.From, To: op.To, Amount: op.Amount, Status: bank.Rejected})
	}
	return &w.state.Transfers[i]
}

// find finds a move by its kind, and by the key of its transfer or its own name.
func (w *world) find(kind, name string) *bank.Move {
	if kind != bank.Direct {
		name = w.of(name).ID
	}
	i := slices.IndexFunc(w.state.Moves, func(m bank.Move) bool { return m.Kind == kind && m.Transfer == name })
	return &w.state.Moves[i]
}

// forget removes a move, its entry and its message, and takes it off the balance: the
// change was never made.
func (w *world) forget(kind, name string) {
	m := *w.find(kind, name)
	*w.account(m.Account) -= m.Delta
	w.state.Moves = slices.DeleteFunc(w.state.Moves, func(other bank.Move) bool { return other == m })
	w.state.Entries = slices.DeleteFunc(w.state.Entries, func(e bank.Entry) bool { return e.Message == m.Message })
	w.unlog(m.Message)
}

// double makes a change again.
func (w *world) double(kind, name string) { w.repeat(*w.find(kind, name)) }

// repeat makes a change again, with a message and an entry of its own.
func (w *world) repeat(m bank.Move) {
	w.move(m.Transfer, m.Account, m.Delta, m.Kind)
	m = w.state.Moves[len(w.state.Moves)-1]
	w.state.Entries = append(w.state.Entries, bank.Entry{Move: m})
	w.state.Logs[0].Messages = append(w.state.Logs[0].Messages, m.Message)
}

// unlog removes a message from wallet's log.
func (w *world) unlog(message string) {
	w.state.Logs[0].Messages = slices.DeleteFunc(w.state.Logs[0].Messages, func(id string) bool { return id == message })
}

// swap has two moves change their places in wallet's log.
func (w *world) swap(a, b *bank.Move) {
	log := w.state.Logs[0].Messages
	i, j := slices.Index(log, a.Message), slices.Index(log, b.Message)
	log[i], log[j] = log[j], log[i]
}

// asked returns the nth operation under a key.
func (w *world) asked(key string, n int) *history.Op {
	for i, op := range w.ops {
		if op.ID == key {
			if n--; n < 0 {
				return &w.ops[i]
			}
		}
	}
	return nil
}

// read returns the nth read.
func (w *world) read(n int) *history.Op { return w.asked("", n) }
