package simulation

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// The services are a small bank. order carries transfers through wallet and payout by
// a saga, wallet holds the accounts and tells of each move, and ledger books moves. What
// each has done is written so that it shows when it was done twice, not at all, or in
// another order.

// transfer is the state of a saga.
type transfer struct {
	ID     string `json:"id"`
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int64  `json:"amount"`
}

// moved is what wallet tells of each move.
type moved struct {
	N     int64  `json:"n"` // of the account's moves, from 1
	Delta int64  `json:"delta"`
	Of    string `json:"of"` // the request
}

// account is what wallet keeps of one.
type account struct {
	Balance int64 `json:"balance"`
	N       int64 `json:"n"`
}

// forever are the types of all messages, where logs are not trimmed.
var forever = []string{"wallet.moved", "wallet.withdraw", "wallet.refund", "wallet.deposit", "payout.reserve", "payout.cancel", "order.saga.reply"}

func (w *world) definition() saga.Definition[transfer] {
	return saga.Definition[transfer]{Name: "transfer", Steps: []saga.Step[transfer]{
		{Name: "withdraw", Command: "wallet.withdraw", Undo: "wallet.refund", Timeout: time.Second, Attempts: 3},
		{Name: "reserve", Command: "payout.reserve", Undo: "payout.cancel", Timeout: time.Second, Attempts: 3},
		{Name: "decide", Pivot: true, Local: func(tx *store.Tx, t *transfer) error {
			if err := did(tx, "D", t.ID); err != nil || t.Amount%4 != 0 {
				return err
			}
			return saga.Reject("late", "no quarters")
		}},
		{Name: "deposit", Command: "wallet.deposit", Timeout: time.Second, Attempts: 50},
	}}
}

func orderHandlers(p *process, _ *service) follow.Handlers { return p.orchestrator.Handlers() }

func walletHandlers(*process, *service) follow.Handlers {
	return follow.Handlers{
		"wallet.withdraw": saga.Action(func(tx *store.Tx, c saga.Command, t transfer) (bool, error) {
			if err := did(tx, "W", t.ID); err != nil {
				return false, err
			}
			return true, change(tx, t.From, -t.Amount, t.ID)
		}),
		"wallet.refund": saga.Compensation(func(tx *store.Tx, c saga.Command, t transfer) error {
			if err := did(tx, "U", t.ID); err != nil {
				return err
			}
			return change(tx, t.From, t.Amount, t.ID)
		}),
		"wallet.deposit": saga.Action(func(tx *store.Tx, c saga.Command, t transfer) (bool, error) {
			if err := did(tx, "P", t.ID); err != nil {
				return false, err
			}
			return true, change(tx, t.To, t.Amount, t.ID)
		}),
	}
}

func payoutHandlers(*process, *service) follow.Handlers {
	return follow.Handlers{
		"payout.reserve": saga.Action(func(tx *store.Tx, c saga.Command, t transfer) (bool, error) {
			if err := did(tx, "R", t.ID); err != nil {
				return false, err
			}
			if t.Amount%3 == 0 {
				return false, saga.Reject("limit", "no thirds")
			}
			return true, nil
		}),
		"payout.cancel": saga.Compensation(func(tx *store.Tx, c saga.Command, t transfer) error { return did(tx, "C", t.ID) }),
	}
}

func ledgerHandlers(p *process, _ *service) follow.Handlers {
	return follow.Handlers{"wallet.moved": inbox.Handle(1, func(tx *store.Tx, m *bailiwick.Message, data moved) error {
		if hopeless, jammed := p.w.jammed.Load(m.Key); jammed {
			if hopeless.(bool) {
				return &bailiwick.Error{Code: bailiwick.Poison, Op: "simulation: book"}
			}
			return errRefused
		}
		return note(tx, "entries", m.Key, fmt.Sprintf("%d:%d ", data.N, data.Delta))
	})}
}

// did writes down that a step of a transfer was done.
func did(tx *store.Tx, step, id string) error { return note(tx, "did", id, step) }

// note adds a word to a record. One that is noted twice shows.
func note(tx *store.Tx, kind, key, word string) error {
	if err := tx.Lock(kind + "/" + key); err != nil {
		return err
	}
	r, _, err := tx.Get(kind, key)
	if err != nil {
		return err
	}
	r.Kind, r.Key, r.State = kind, key, r.State+word
	return tx.Put(r)
}

// change moves an account and tells of it.
func change(tx *store.Tx, key string, delta int64, of string) error {
	if err := tx.Lock("account/" + key); err != nil {
		return err
	}
	r, _, err := tx.Get("account", key)
	if err != nil {
		return err
	}
	var a account
	if err := json.Unmarshal(r.Data, &a); err != nil {
		return err
	}
	if a.Balance+delta < 0 {
		return saga.Reject("short", "there is not enough")
	}
	a.Balance, a.N = a.Balance+delta, a.N+1
	if r.Data, err = json.Marshal(a); err != nil {
		return err
	}
	if err := tx.Put(r); err != nil {
		return err
	}
	return outbox.Publish(tx, "wallet.moved", 1, key, moved{N: a.N, Delta: delta, Of: of})
}

func openAccounts(tx *store.Tx) error {
	for _, key := range accounts {
		data, err := json.Marshal(account{Balance: opening})
		if err != nil {
			return err
		}
		if err := tx.Put(store.Record{Kind: "account", Key: key, State: "open", Data: data}); err != nil {
			return err
		}
	}
	return nil
}
