package payment

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/saga"
)

// reason returns why err refuses; "" if it is no refusal.
func reason(err error) string {
	var r saga.Rejection
	errors.As(err, &r)
	return r.Reason
}

func TestWhatAnAccountBears(t *testing.T) {
	limit := func(a money.Amount) *money.Amount { return &a }
	for _, c := range []struct {
		account  account
		amount   money.Amount
		currency money.Currency
		reason   string
	}{
		{account{limit: limit(1000), balance: 400, currency: "GBP"}, 600, "GBP", ""},
		{account{limit: limit(1000), balance: 400, currency: "GBP"}, 601, "GBP", paymentapi.CreditLimit},
		{account{limit: limit(0), currency: "GBP"}, 0, "GBP", ""},
		{account{limit: limit(0), currency: "GBP"}, 1, "GBP", paymentapi.CreditLimit},
		{account{limit: limit(100), balance: 400, currency: "GBP"}, 0, "GBP", paymentapi.CreditLimit},
		{account{balance: 400, currency: "GBP"}, 1 << 50, "GBP", ""},
		{account{balance: 400, currency: "GBP"}, math.MaxInt64, "GBP", paymentapi.CreditLimit},
		{account{limit: limit(1000), currency: "GBP"}, 1, "EUR", paymentapi.WrongCurrency},
	} {
		err := c.account.authorise(c.amount, c.currency)
		if (err == nil) != (c.reason == "") || reason(err) != c.reason {
			t.Errorf("%+v asked for %d %s: %v, want %q", c.account, c.amount, c.currency, err, c.reason)
		}
	}
}

func TestWhatCanBecomeOfAPayment(t *testing.T) {
	for _, c := range []struct {
		state               string
		capture, void, done bool // done: there is nothing to void any more
	}{
		{state: paymentapi.Authorised, capture: true, void: true},
		{state: paymentapi.Captured},
		{state: paymentapi.Voided, done: true},
	} {
		p := payment{document: "o1", amount: 100, state: c.state}
		if err := p.capture(); (err == nil) != c.capture || err != nil && bailiwick.CodeOf(err) != bailiwick.Conflict {
			t.Errorf("capturing what is %s: %v", c.state, err)
		}
		needed, err := p.void()
		if needed != c.void || (err == nil) != (c.void || c.done) {
			t.Errorf("voiding what is %s: %v, %v", c.state, needed, err)
		}
	}
}

func TestWhatCanBeRefunded(t *testing.T) {
	paid := payment{document: "o1", customer: "c1", amount: 1000, currency: "GBP", state: paymentapi.Captured, refunded: 400}
	open := paid
	open.state, open.refunded = paymentapi.Authorised, 0
	for _, c := range []struct {
		payment  payment
		customer string
		amount   money.Amount
		currency money.Currency
		reason   string
	}{
		{paid, "c1", 600, "GBP", ""},
		{paid, "c1", 0, "GBP", ""},
		{paid, "c1", 601, "GBP", paymentapi.ExceedsCaptured},
		{paid, "c1", math.MaxInt64, "GBP", paymentapi.ExceedsCaptured},
		{paid, "c1", 1, "EUR", paymentapi.WrongCurrency},
		{paid, "c2", 1, "GBP", paymentapi.WrongCustomer},
		{paid, "", 1, "GBP", paymentapi.WrongCustomer},
		{open, "c1", 1, "GBP", paymentapi.NotCaptured},
	} {
		err := c.payment.refund(c.customer, c.amount, c.currency)
		if (err == nil) != (c.reason == "") || reason(err) != c.reason {
			t.Errorf("%d %s of %+v for %q: %v, want %q", c.amount, c.currency, c.payment, c.customer, err, c.reason)
		}
	}
}

func TestPartsAreAddedUpByOrder(t *testing.T) {
	given := []paymentapi.Part{{Document: "o2", Amount: 5}, {Document: "o1", Amount: 1}, {Document: "o2", Amount: 2}, {Document: "o3"}}
	before := slices.Clone(given)
	got, err := parts(paymentapi.Repayment{Document: "r1", Parts: given})
	want := []paymentapi.Part{{Document: "o1", Amount: 1}, {Document: "o2", Amount: 7}, {Document: "o3"}}
	if err != nil || !slices.Equal(got, want) || !slices.Equal(given, before) {
		t.Errorf("added up %v, %v; want %v", got, err, want)
	}
	for _, bad := range [][]paymentapi.Part{
		{{Document: "o1", Amount: -1}},
		{{Amount: 1}},
		{{Document: "o1", Amount: math.MaxInt64}, {Document: "o1", Amount: 1}},
	} {
		if got, err := parts(paymentapi.Repayment{Document: "r1", Parts: bad}); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%v added up to %v, %v", bad, got, err)
		}
	}
}
