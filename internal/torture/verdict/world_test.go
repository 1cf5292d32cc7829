package verdict_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// world is a bank without faults that does things at given times, and what clients saw
// of it.
type world struct {
	start   map[string]int64
	ops     []history.Op
	state   bank.State
	work    []work
	answers map[string]answer // by Idempotency-Key
}

// work is done at a moment; equal moments in the order in which they were planned.
type work struct {
	at time.Duration
	do func()
}

// answer is what the bank has stored for a request: when it was decided, and how.
type answer struct {
	at      time.Duration
	outcome history.Outcome
	balance int64
}

func newWorld(start map[string]int64) *world {
	w := &world{start: start, answers: map[string]answer{}}
	for id, balance := range start {
		w.state.Accounts = append(w.state.Accounts, bank.Account{ID: id, Balance: balance})
	}
	slices.SortFunc(w.state.Accounts, func(a, b bank.Account) int { return strings.Compare(a.ID, b.ID) })
	return w
}

// plan has something done at a moment.
func (w *world) plan(at time.Duration, do func()) { w.work = append(w.work, work{at, do}) }

// rest does all that was planned, work that this plans included, and comes to rest.
func (w *world) rest() {
	for len(w.work) > 0 {
		next := 0
		for i, one := range w.work {
			if one.at < w.work[next].at {
				next = i
			}
		}
		one := w.work[next]
		w.work = slices.Delete(w.work, next, next+1)
		one.do()
	}
	log := bank.Log{Name: "wallet/outbox", Epoch: 1}
	for _, m := range w.state.Moves {
		w.state.Entries = append(w.state.Entries, bank.Entry{Move: m})
		log.Messages = append(log.Messages, "a reply to order", m.Message)
	}
	log.Head = int64(len(log.Messages))
	log.Followers = map[string]int64{bank.Order: log.Head, bank.Ledger: log.Head}
	w.state.Logs = []bank.Log{log, {Name: "order/outbox", Epoch: 1, Head: 3, Followers: map[string]int64{bank.Wallet: 3}}}
}

// account finds a balance.
func (w *world) account(id string) *int64 {
	i := slices.IndexFunc(w.state.Accounts, func(a bank.Account) bool { return a.ID == id })
	return &w.state.Accounts[i].Balance
}

// move changes a balance and tells of it.
func (w *world) move(transfer, account string, delta int64, kind string) {
	*w.account(account) += delta
	w.state.Moves = append(w.state.Moves, bank.Move{Message: fmt.Sprint("m", len(w.state.Moves)+1), Transfer: transfer, Account: account, Delta: delta, Kind: kind})
}

// change is a direct move; its answer is stored.
func (w *world) change(at time.Duration, op history.Op) {
	if _, again := w.answers[op.ID]; again {
		return
	}
	if *w.account(op.To)+op.Amount < 0 {
		w.answers[op.ID] = answer{at, history.Fail, 0}
		return
	}
	w.move("direct "+op.ID, op.To, op.Amount, bank.Direct)
	w.answers[op.ID] = answer{at, history.OK, *w.account(op.To)}
}

// transfer begins a transfer, and goes on with it a step at a time.
func (w *world) transfer(at, step time.Duration, op history.Op) {
	if _, again := w.answers[op.ID]; again {
		return
	}
	n := len(w.state.Transfers)
	id := fmt.Sprint("t", n+1)
	w.state.Transfers = append(w.state.Transfers, bank.Transfer{ID: id, Key: op.ID, From: op.From, To: op.To, Amount: op.Amount, Status: bank.Pending})
	decide := func(status string, outcome history.Outcome) {
		w.state.Transfers[n].Status = status
		w.answers[op.ID] = answer{at + 2*step, outcome, 0}
	}
	w.answers[op.ID] = answer{outcome: history.Info}
	w.plan(at+step, func() {
		if *w.account(op.From) < op.Amount {
			w.plan(at+2*step, func() { decide(bank.Rejected, history.Fail) })
			return
		}
		w.move(id, op.From, -op.Amount, bank.Withdraw)
		if op.Amount > bank.PayoutLimit {
			w.plan(at+2*step, func() {
				w.move(id, op.From, op.Amount, bank.Refund)
				decide(bank.Rejected, history.Fail)
			})
			return
		}
		w.plan(at+2*step, func() { decide(bank.Done, history.OK) })
		w.plan(at+3*step, func() {
			w.move(id, op.To, op.Amount, bank.Deposit)
			w.state.Payouts = append(w.state.Payouts, bank.Payout{Transfer: id, Amount: op.Amount, Status: bank.Confirmed})
		})
	})
}

// ask has a client ask at call, the bank take it in after a while, and the answer come
// after another. A heard of false means that the client never had an answer; an arrival
// of false that the bank never had the request.
func (w *world) ask(op history.Op, call, while, another time.Duration, arrives, heard bool) {
	op.Call, op.Return, op.Outcome = call, history.Never, history.Info
	n := len(w.ops)
	w.ops = append(w.ops, op)
	at, end := call+while, call+while+another
	if !arrives {
		return
	}
	answered := func(outcome history.Outcome, value int64) {
		if heard && outcome != history.Info {
			w.ops[n].Outcome, w.ops[n].Value, w.ops[n].Return = outcome, value, end
		}
	}
	w.plan(at, func() {
		switch op.Kind {
		case history.Read:
			answered(history.OK, *w.account(op.To))
		case history.Move:
			w.change(at, op)
			answered(w.answers[op.ID].outcome, w.answers[op.ID].balance)
		case history.Transfer:
			w.transfer(at, while, op)
			w.plan(end, func() { answered(w.answers[op.ID].outcome, 0) })
		}
	})
}

// check returns what becomes of the invariants.
func (w *world) check() verdict.Verdict { return verdict.Check(w.start, w.ops, w.state) }

// small returns a world at rest in which a little of everything has happened.
func small() *world {
	w := newWorld(map[string]int64{"a": 100, "b": 100, "c": 0, "direct": 10})
	const tick = time.Millisecond
	pay := func(key string, amount int64) history.Op {
		return history.Op{Kind: history.Transfer, ID: key, From: "a", To: "b", Amount: amount}
	}
	change := func(key string, amount int64) history.Op {
		return history.Op{Kind: history.Move, ID: key, To: "direct", Amount: amount}
	}
	read := history.Op{Kind: history.Read, To: "direct"}
	w.ask(pay("done", 30), 0, tick, 9*tick, true, true)
	w.ask(change("in", 5), 1*tick, tick, 3*tick, true, true)
	w.ask(read, 2*tick, tick, tick, true, true)
	w.ask(change("short", -50), 2*tick, tick, tick, true, true)
	w.ask(change("out", -4), 3*tick, tick, tick, true, true)
	w.ask(pay("done", 30), 12*tick, tick, tick, true, true) // asked again
	w.ask(pay("above", 55), 20*tick, tick, 9*tick, true, true)
	w.ask(pay("short2", 500), 21*tick, tick, 9*tick, true, true)
	w.ask(history.Op{Kind: history.Transfer, ID: "first", From: "a", To: "c", Amount: 3}, 32*tick, tick, 3*tick, true, true)
	w.ask(history.Op{Kind: history.Transfer, ID: "then", From: "c", To: "a", Amount: 2}, 36*tick, tick, 2*tick, true, true)
	w.ask(pay("unheard", 20), 40*tick, tick, 0, true, false)
	w.ask(pay("lost", 20), 41*tick, 0, 0, false, false)
	w.ask(change("unheard2", -2), 50*tick, tick, 0, true, false)
	w.ask(change("lost2", -1), 51*tick, 0, 0, false, false)
	w.ask(read, 60*tick, tick, tick, true, true)
	w.rest()
	return w
}
