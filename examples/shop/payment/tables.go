package payment

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/store"
)

// The kinds of ledger entries.
const (
	kindCapture = "capture"
	kindRefund  = "refund"
)

// entry is money that moved.
type entry struct {
	document string // the order whose payment it is
	kind     string
	id       string // what moved it: the order itself, or a return
	amount   money.Amount
	currency money.Currency
}

// tables reads and writes the service's tables in one transaction.
type tables struct{ tx *store.Tx }

// open gives a customer an account, or changes the limit of the one there is.
func (t tables) open(customer string, limit *int64, currency string) error {
	return t.exec("open account", `
		INSERT INTO account (customer, credit_limit, balance, currency) VALUES (?, ?, 0, ?)
		ON CONFLICT (customer) DO UPDATE SET credit_limit = excluded.credit_limit`, customer, limit, currency)
}

// hold keeps others from an account until the transaction ends, so that what is
// decided by its balance stays true.
func (t tables) hold(customer string) error { return t.tx.Lock("account/" + customer) }

// account returns a customer's account.
func (t tables) account(customer string) (a account, known bool, err error) {
	a.customer = customer
	err = t.tx.SQL().QueryRow(`SELECT credit_limit, balance, currency FROM account WHERE customer = ?`, customer).Scan(&a.limit, &a.balance, &a.currency)
	if errors.Is(err, sql.ErrNoRows) {
		return a, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("payment: read account of %s: %w", customer, err)
	}
	return a, true, nil
}

// owe changes what a customer owes. A guest owes nothing.
func (t tables) owe(customer string, change money.Amount) error {
	if customer == "" || change == 0 {
		return nil
	}
	return t.one("change balance of "+customer, `UPDATE account SET balance = balance + ? WHERE customer = ?`, int64(change), customer)
}

// authorised records a payment. An order has one; a second is an error.
func (t tables) authorised(p payment) error {
	customer := sql.NullString{String: p.customer, Valid: p.customer != ""}
	return t.exec("record payment of "+p.document, `INSERT INTO payment (document, customer, amount, currency, state, refunded, at) VALUES (?, ?, ?, ?, 'authorised', 0, ?)`,
		p.document, customer, int64(p.amount), string(p.currency), t.tx.Now().UnixMilli())
}

// payment returns the payment of an order.
func (t tables) payment(document string) (p payment, found bool, err error) {
	p.document = document
	err = t.tx.SQL().QueryRow(`SELECT COALESCE(customer, ''), amount, currency, state, refunded FROM payment WHERE document = ?`, document).
		Scan(&p.customer, &p.amount, &p.currency, &p.state, &p.refunded)
	if errors.Is(err, sql.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("payment: read payment of %s: %w", document, err)
	}
	return p, true, nil
}

// settle ends an authorisation.
func (t tables) settle(document, state string) error {
	return t.one("settle payment of "+document, `UPDATE payment SET state = ? WHERE document = ? AND state = ?`, state, document, paymentapi.Authorised)
}

// giveBack raises what was refunded of a payment, never above what was captured.
func (t tables) giveBack(document string, amount money.Amount) error {
	return t.one("refund payment of "+document, `UPDATE payment SET refunded = refunded + ? WHERE document = ? AND state = ?`, int64(amount), document, paymentapi.Captured)
}

// enter writes money that moved into the ledger. The same movement a second time
// is an error.
func (t tables) enter(e entry) error {
	return t.exec("enter "+e.kind+" of "+e.document, `INSERT INTO ledger_entry (document, kind, id, amount, currency, at) VALUES (?, ?, ?, ?, ?, ?)`,
		e.document, e.kind, e.id, int64(e.amount), string(e.currency), t.tx.Now().UnixMilli())
}

// one runs a statement that must change exactly one row.
func (t tables) one(what, query string, args ...any) error {
	result, err := t.tx.SQL().Exec(query, args...)
	if err != nil {
		return fmt.Errorf("payment: %s: %w", what, err)
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = errChanged
	}
	if err != nil {
		return fmt.Errorf("payment: %s: %w", what, err)
	}
	return nil
}

var errChanged = errors.New("it is not there any more as it was read")

func (t tables) exec(what, query string, args ...any) error {
	if _, err := t.tx.SQL().Exec(query, args...); err != nil {
		return fmt.Errorf("payment: %s: %w", what, err)
	}
	return nil
}
