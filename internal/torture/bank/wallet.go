package bank

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func newWallet(db *store.DB, clock *Clock) (*service.Service, error) {
	mux := http.NewServeMux()
	mux.Handle("PUT /accounts", inbox.HandleHTTP(db, openAccounts))
	mux.Handle("GET /accounts/{id}", inbox.HandleHTTP(db, showAccount))
	mux.Handle("POST /accounts/{id}/moves", inbox.HandleHTTP(db, moveDirectly))
	mux.Handle("GET /sum", inbox.HandleHTTP(db, sumOfBalances))
	mux.Handle("GET /moved", inbox.HandleHTTP(db, sumOfMoves))
	resting(mux, db, clock, walletState)
	return &service.Service{Name: Wallet, DB: db, API: mux, Follows: map[string]follow.Handlers{Order: {
		walletWithdraw: saga.Action(withdraw),
		walletRefund:   saga.Compensation(refund),
		walletDeposit:  saga.Action(deposit),
	}}}, nil
}

// withdraw takes the amount of a transfer from who pays, unless that cannot be.
func withdraw(tx *store.Tx, _ saga.Command, o order) (struct{}, error) {
	var reply struct{}
	if _, known, err := balanceOf(tx, o.To); err != nil || !known {
		return reply, orUnknown(err, o.To)
	}
	n, err := exec(tx, "withdraw "+o.ID, `UPDATE account SET balance = balance - ? WHERE id = ? AND frozen = 0 AND balance >= ?`, o.Amount, o.From, o.Amount)
	if err != nil {
		return reply, err
	}
	if n == 0 {
		return reply, refuse(tx, o.From)
	}
	return reply, record(tx, moved{Transfer: o.ID, Account: o.From, Delta: -o.Amount, Kind: Withdraw})
}

// refund gives back what was withdrawn.
func refund(tx *store.Tx, _ saga.Command, o order) error {
	if err := one(tx, "refund "+o.ID, `UPDATE account SET balance = balance + ? WHERE id = ?`, o.Amount, o.From); err != nil {
		return err
	}
	return record(tx, moved{Transfer: o.ID, Account: o.From, Delta: o.Amount, Kind: Refund})
}

// deposit gives the amount to who is paid. The transfer was decided by then.
func deposit(tx *store.Tx, _ saga.Command, o order) (struct{}, error) {
	if err := one(tx, "deposit "+o.ID, `UPDATE account SET balance = balance + ? WHERE id = ?`, o.Amount, o.To); err != nil {
		return struct{}{}, err
	}
	return struct{}{}, record(tx, moved{Transfer: o.ID, Account: o.To, Delta: o.Amount, Kind: Deposit})
}

// refuse tells why nothing could be withdrawn from an account.
func refuse(tx *store.Tx, account string) error {
	_, known, err := balanceOf(tx, account)
	if err != nil || !known {
		return orUnknown(err, account)
	}
	if account == Frozen {
		return saga.Reject(reasonFrozen, "nothing may leave %s", account)
	}
	return saga.Reject(reasonShort, "%s holds less", account)
}

// balanceOf reads an account; known is false where there is none.
func balanceOf(tx *store.Tx, account string) (balance int64, known bool, err error) {
	err = tx.SQL().QueryRow(`SELECT balance FROM account WHERE id = ?`, account).Scan(&balance)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("bank: read account %s: %w", account, err)
	}
	return balance, true, nil
}

// orUnknown is err, or else the rejection of an account that does not exist.
func orUnknown(err error, account string) error {
	if err != nil {
		return err
	}
	return saga.Reject(reasonUnknown, "there is no account %s", account)
}

// record writes a change of a balance down and tells of it.
func record(tx *store.Tx, m moved) error {
	id := tx.DB().NewID()
	if _, err := exec(tx, "record a move of "+m.Account, `INSERT INTO move (message, transfer, account, delta, kind) VALUES (?, ?, ?, ?, ?)`,
		id.String(), m.Transfer, m.Account, m.Delta, m.Kind); err != nil {
		return err
	}
	data, err := json.Marshal(m)
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Internal, Op: "bank: tell of a move", Err: err}
	}
	return tx.Publish(bailiwick.Message{ID: id, Key: m.Account, Type: walletMoved, Version: version, Data: data})
}

// openAccounts opens the accounts that are not there yet.
func openAccounts(tx *store.Tx, _ *http.Request, req struct {
	Balances map[string]int64 `json:"balances"`
}) (struct{}, error) {
	for id, balance := range req.Balances {
		frozen := 0
		if id == Frozen {
			frozen = 1
		}
		if _, err := exec(tx, "open "+id, `INSERT INTO account (id, balance, frozen) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`, id, balance, frozen); err != nil {
			return struct{}{}, err
		}
	}
	return struct{}{}, nil
}

// showAccount tells what an account holds.
func showAccount(tx *store.Tx, r *http.Request, _ struct{}) (a Account, err error) {
	a.ID = r.PathValue("id")
	known := false
	if a.Balance, known, err = balanceOf(tx, a.ID); err == nil && !known {
		err = sql.ErrNoRows
	}
	return a, err
}

// movement is the answer to a direct move. A refusal is stored like any other answer:
// the same request, however late it comes again, is refused again.
type movement struct {
	Account
	Refused string `json:"refused,omitempty"`
}

// moveDirectly changes one balance, never to below zero. Whether the account is frozen
// or does not exist is left to the database.
func moveDirectly(tx *store.Tx, r *http.Request, req struct {
	Amount int64 `json:"amount"`
}) (m movement, err error) {
	m.ID = r.PathValue("id")
	n, err := exec(tx, "move "+m.ID, `UPDATE account SET balance = balance + ? WHERE id = ? AND balance + ? >= 0`, req.Amount, m.ID, req.Amount)
	if err != nil {
		return m, stopped(err)
	}
	known := false
	if m.Balance, known, err = balanceOf(tx, m.ID); err != nil {
		return m, err
	}
	if known && n == 0 {
		m.Refused = reasonShort
		return m, nil
	}
	return m, record(tx, moved{Transfer: tx.DB().NewID().String(), Account: m.ID, Delta: req.Amount, Kind: Direct})
}

// stopped finds out whether a statement was stopped by the trigger of frozen accounts,
// which is the caller's fault.
func stopped(err error) error {
	if strings.Contains(err.Error(), "the account is frozen") {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "bank: move", Err: err}
	}
	return err
}

func (a *Account) fields() []any { return []any{&a.ID, &a.Balance} }

func (m *Move) fields() []any {
	return []any{&m.Message, &m.Transfer, &m.Account, &m.Delta, &m.Kind}
}

func walletState(tx *store.Tx, s *State) (err error) {
	if s.Accounts, err = rows(tx, (*Account).fields, `SELECT id, balance FROM account ORDER BY id`); err != nil {
		return err
	}
	s.Moves, err = rows(tx, (*Move).fields, `SELECT message, transfer, account, delta, kind FROM move ORDER BY message`)
	return err
}
