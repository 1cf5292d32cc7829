package payment

import (
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/saga"
)

// payment is what was set aside, taken and given back for one order.
type payment struct {
	document string
	customer string // "" for a guest
	amount   money.Amount
	currency money.Currency
	state    string // of paymentapi
	refunded money.Amount
}

// capture refuses to take money that is not set aside. The order was decided by
// then, so this is a fault and no rejection: a payment that is captured or voided
// already was so by somebody else than the order's saga.
func (p *payment) capture() error {
	if p.state != paymentapi.Authorised {
		return p.fault("capture", "compare the order with its saga before anything is captured by hand")
	}
	return nil
}

// void says whether an authorisation has to be taken back: not if that happened
// already. Captured money is not voided but refunded, and asking for it is a fault.
func (p *payment) void() (needed bool, err error) {
	switch p.state {
	case paymentapi.Authorised:
		return true, nil
	case paymentapi.Voided:
		return false, nil
	default:
		return false, p.fault("void", "a confirmed order is never taken back: compare it with its saga")
	}
}

func (p *payment) fault(op, do string) error {
	return &bailiwick.Error{Code: bailiwick.Conflict, Op: "payment: " + op + " " + p.document,
		Err: fmt.Errorf("the payment is %s", p.state), Do: do}
}

// refund refuses to give back what was not taken, or to somebody else.
func (p *payment) refund(customer string, amount money.Amount, currency money.Currency) error {
	if p.customer != customer {
		return saga.Reject(paymentapi.WrongCustomer, "order %s was paid by somebody else", p.document)
	}
	if p.currency != currency {
		return saga.Reject(paymentapi.WrongCurrency, "order %s was paid in %s, not in %s", p.document, p.currency, currency)
	}
	if p.state != paymentapi.Captured {
		return saga.Reject(paymentapi.NotCaptured, "the payment of order %s is %s", p.document, p.state)
	}
	if left := p.amount - p.refunded; amount > left {
		return saga.Reject(paymentapi.ExceedsCaptured, "%s of order %s asked for, %s left", amount, p.document, left)
	}
	return nil
}

var errNegative = errors.New("the amount is below zero")

func mistake(op string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: "payment: " + op, Err: err,
		Do: "correct the sender, then discard or replay the parked key"}
}

// early is the error of a command that overtook the registration of its customer.
func early(op, customer string) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "payment: " + op, Err: fmt.Errorf("customer %s has no account yet", customer),
		Do: "wait until this service has followed the user service that far, then replay the key if it was parked"}
}
