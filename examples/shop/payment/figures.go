package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

// withLedger adds up the ledger entries of some payments.
const withLedger = `
	SELECT p.document, COALESCE(p.customer, ''), p.amount, p.currency, p.state, p.at,
		COUNT(CASE WHEN l.kind = 'capture' THEN 1 END),
		COALESCE(SUM(CASE WHEN l.kind = 'capture' THEN l.amount END), 0),
		COALESCE(SUM(CASE WHEN l.kind = 'refund' THEN l.amount END), 0)
	FROM payment p LEFT JOIN ledger_entry l ON l.document = p.document`

const (
	paymentOfOne  = withLedger + ` WHERE p.document = ? GROUP BY p.document`
	paymentOfPage = withLedger + ` WHERE p.document > ? GROUP BY p.document ORDER BY p.document LIMIT ?`
)

// books reads the service's tables, each time at one moment.
type books struct{ db *store.DB }

// payment returns the payment of one order.
func (b books) payment(ctx context.Context, document string) (paymentapi.Payment, error) {
	list, err := b.list(ctx, paymentOfOne, document)
	if err != nil {
		return paymentapi.Payment{}, err
	}
	if len(list) == 0 {
		return paymentapi.Payment{}, missing("order " + document + " has no payment")
	}
	return list[0], nil
}

// page returns a page of payments.
func (b books) page(ctx context.Context, page web.Page) (paymentapi.Page, error) {
	list, err := b.list(ctx, paymentOfPage, page.After, page.Limit)
	return paymentapi.Page{Payments: list}, err
}

func (b books) list(ctx context.Context, query string, args ...any) ([]paymentapi.Payment, error) {
	list := []paymentapi.Payment{} // an empty page is [], not null
	err := b.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.SQL().Query(query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var p paymentapi.Payment
			var at int64
			if err := rows.Scan(&p.Document, &p.Customer, &p.Amount, &p.Currency, &p.State, &at, &p.Captures, &p.Captured, &p.Refunded); err != nil {
				return err
			}
			p.At = time.UnixMilli(at).UTC()
			list = append(list, p)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("payment: list payments: %w", err)
	}
	return list, nil
}

// account returns one customer's account.
func (b books) account(ctx context.Context, customer string) (paymentapi.Account, error) {
	var a account
	var known bool
	err := b.db.Read(ctx, func(tx *store.Tx) (err error) {
		a, known, err = tables{tx}.account(customer)
		return err
	})
	if err != nil {
		return paymentapi.Account{}, err
	}
	if !known {
		return paymentapi.Account{}, missing("customer " + customer + " has no account")
	}
	return paymentapi.Account{Customer: customer, Balance: int64(a.balance), CreditLimit: (*int64)(a.limit), Currency: string(a.currency)}, nil
}

// report returns the figures of all payments and accounts.
func (b books) report(ctx context.Context) (paymentapi.Report, error) {
	r := paymentapi.Report{Currency: string(money.GBP)}
	err := b.db.Read(ctx, func(tx *store.Tx) error {
		r.At = tx.Now().UTC()
		return addUp(tx, &r)
	})
	return r, err
}

func addUp(tx *store.Tx, r *paymentapi.Report) error {
	for _, part := range []struct {
		what, query string
		into        []any
	}{
		{"ledger", `
			SELECT COALESCE(SUM(CASE WHEN kind = 'capture' THEN amount END), 0), COUNT(CASE WHEN kind = 'capture' THEN 1 END),
				COALESCE(SUM(CASE WHEN kind = 'refund' THEN amount END), 0), COUNT(CASE WHEN kind = 'refund' THEN 1 END)
			FROM ledger_entry`,
			[]any{&r.Captured, &r.Captures, &r.Refunded, &r.Refunds}},
		{"payments", `
			SELECT COALESCE(SUM(CASE WHEN state = 'authorised' THEN amount END), 0), COUNT(CASE WHEN state = 'authorised' THEN 1 END),
				COUNT(CASE WHEN state = 'captured' THEN 1 END), COUNT(CASE WHEN state = 'voided' THEN 1 END)
			FROM payment`,
			[]any{&r.Open, &r.Payments.Authorised, &r.Payments.Captured, &r.Payments.Voided}},
		{"accounts", `SELECT COUNT(*), COALESCE(SUM(balance), 0) FROM account`,
			[]any{&r.Accounts, &r.Balance}},
		{"differences", `SELECT (` + unbalancedAccounts + `) + (` + unbalancedPayments + `)`,
			[]any{&r.Unbalanced}},
	} {
		if err := tx.SQL().QueryRow(part.query).Scan(part.into...); err != nil {
			return fmt.Errorf("payment: add up %s: %w", part.what, err)
		}
	}
	return nil
}

// What is stored for quick decisions must be what the ledger adds up to.
const (
	unbalancedAccounts = `
		SELECT COUNT(*) FROM account a LEFT JOIN (
			SELECT p.customer, SUM(CASE WHEN p.state = 'voided' THEN 0 ELSE p.amount END) - SUM(COALESCE(l.refunded, 0)) AS owed
			FROM payment p LEFT JOIN (SELECT document, SUM(amount) AS refunded FROM ledger_entry WHERE kind = 'refund' GROUP BY document) l
				ON l.document = p.document
			WHERE p.customer IS NOT NULL GROUP BY p.customer) d ON d.customer = a.customer
		WHERE a.balance <> COALESCE(d.owed, 0)`
	unbalancedPayments = `
		SELECT COUNT(*) FROM payment p LEFT JOIN (
			SELECT document, SUM(CASE WHEN kind = 'capture' THEN amount ELSE 0 END) AS captured, SUM(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS refunded
			FROM ledger_entry GROUP BY document) l ON l.document = p.document
		WHERE p.refunded <> COALESCE(l.refunded, 0)
			OR CASE WHEN p.state = 'captured' THEN p.amount ELSE 0 END <> COALESCE(l.captured, 0)`
)

func missing(what string) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "payment: read", Err: errors.New(what)}
}
