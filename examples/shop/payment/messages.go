package payment

import (
	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// registered opens an account, or changes its limit. What is owed stays, and so
// does the currency that it is owed in.
func registered(tx *store.Tx, _ *bailiwick.Message, u userapi.Registered) error {
	return tables{tx}.open(u.ID, u.CreditLimit, u.Currency)
}

// authorise sets an order's amount aside. Nothing is owed by guests; their cards
// are always good. A customer without an account is one whose registration has
// reached the order service first: the follower tries again until it is here too.
func authorise(tx *store.Tx, _ saga.Command, a paymentapi.Authorisation) (struct{}, error) {
	var reply struct{}
	if a.Amount < 0 {
		return reply, mistake("authorise "+a.Document, errNegative)
	}
	amount, currency := money.Amount(a.Amount), money.Currency(a.Currency)
	if currency != money.GBP {
		return reply, saga.Reject(paymentapi.WrongCurrency, "the shop trades in %s, not in %s", money.GBP, currency)
	}
	t := tables{tx}
	if a.Customer != "" {
		if err := t.hold(a.Customer); err != nil {
			return reply, err
		}
		account, known, err := t.account(a.Customer)
		if err != nil {
			return reply, err
		}
		if !known {
			return reply, early("authorise "+a.Document, a.Customer)
		}
		if err := account.authorise(amount, currency); err != nil {
			return reply, err
		}
		if err := t.owe(a.Customer, amount); err != nil {
			return reply, err
		}
	}
	return reply, t.authorised(payment{document: a.Document, customer: a.Customer, amount: amount, currency: currency})
}

// void takes an authorisation back. It goes by what was recorded, not by what the
// command says; where nothing was recorded there is nothing to take back.
func void(tx *store.Tx, _ saga.Command, a paymentapi.Authorisation) error {
	t := tables{tx}
	p, found, err := t.payment(a.Document)
	if err != nil || !found {
		return err
	}
	needed, err := p.void()
	if err != nil || !needed {
		return err
	}
	if err := t.settle(p.document, paymentapi.Voided); err != nil {
		return err
	}
	return t.owe(p.customer, -p.amount)
}

// capture takes the money that was set aside. What the customer owes stays the
// same.
func capture(tx *store.Tx, _ saga.Command, c paymentapi.Collection) (struct{}, error) {
	var reply struct{}
	t := tables{tx}
	p, found, err := t.payment(c.Document)
	if err != nil {
		return reply, err
	}
	if !found {
		p = payment{document: c.Document, state: "missing"}
	}
	if err := p.capture(); err != nil {
		return reply, err
	}
	if err := t.settle(p.document, paymentapi.Captured); err != nil {
		return reply, err
	}
	return reply, t.enter(entry{document: p.document, kind: kindCapture, id: p.document, amount: p.amount, currency: p.currency})
}

// refund gives captured money back, all parts or none.
func refund(tx *store.Tx, _ saga.Command, r paymentapi.Repayment) (struct{}, error) {
	var reply struct{}
	parts, err := parts(r)
	if err != nil {
		return reply, err
	}
	t := tables{tx}
	currency := money.Currency(r.Currency)
	var total money.Amount
	for _, part := range parts {
		amount := money.Amount(part.Amount)
		p, found, err := t.payment(part.Document)
		if err != nil {
			return reply, err
		}
		if !found {
			return reply, saga.Reject(paymentapi.NotCaptured, "order %s has no payment", part.Document)
		}
		if err := p.refund(r.Customer, amount, currency); err != nil {
			return reply, err
		}
		if err := t.giveBack(part.Document, amount); err != nil {
			return reply, err
		}
		if err := t.enter(entry{document: part.Document, kind: kindRefund, id: r.Document, amount: amount, currency: currency}); err != nil {
			return reply, err
		}
		total += amount
	}
	return reply, t.owe(r.Customer, -total)
}
