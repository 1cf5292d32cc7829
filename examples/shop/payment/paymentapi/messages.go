// Package paymentapi is what other services may know of the payment service: the
// commands it answers, the reasons for which it refuses, its HTTP answers, and a
// client. Amounts are whole thousandths of the currency's unit.
package paymentapi

// Version is the schema version of all messages in this package.
const Version = 1

// The commands, each a message type in the log of the service that asks. All of
// them answer with an empty object, or with a refusal.
const (
	// Authorise sets an order's amount aside on the customer's account. Its data is
	// an [Authorisation]. It is refused for [CreditLimit] and [WrongCurrency]. For a
	// customer whose registration has not arrived yet it waits. An order without a
	// customer is paid by card and always authorised.
	Authorise = "payment.authorise"
	// Void takes an authorisation back. Its data is that of Authorise.
	Void = "payment.void"
	// Capture takes the money that was authorised. Its data is a [Collection]. It
	// is never refused.
	Capture = "payment.capture"
	// Refund gives captured money back. Its data is a [Repayment]. It is refused,
	// all parts or none, for [NotCaptured], [ExceedsCaptured], [WrongCurrency] and
	// [WrongCustomer].
	Refund = "payment.refund"
)

// The reasons of refusals.
const (
	// CreditLimit: the account's balance would exceed its limit.
	CreditLimit = "credit-limit"
	// WrongCurrency: the shop does not trade in that currency, or the account or
	// payment is kept in another one.
	WrongCurrency = "wrong-currency"
	// NotCaptured: nothing was captured for that order.
	NotCaptured = "not-captured"
	// ExceedsCaptured: more would be refunded than was captured.
	ExceedsCaptured = "exceeds-captured"
	// WrongCustomer: the payment is another customer's.
	WrongCustomer = "wrong-customer"
)

// Authorisation asks for an order's payment to be authorised, or voided.
type Authorisation struct {
	// Document is the order's id.
	Document string `json:"document"`
	// Customer is empty for a guest.
	Customer string `json:"customer,omitempty"`
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Collection asks for an authorised payment to be captured.
type Collection struct {
	// Document is the order's id.
	Document string `json:"document"`
}

// Repayment asks for captured money to be given back.
type Repayment struct {
	// Document is the return's id.
	Document string `json:"document"`
	// Customer is the one who returned the goods; empty for a guest.
	Customer string `json:"customer,omitempty"`
	Currency string `json:"currency"`
	// Parts may name an order several times; the amounts are added up.
	Parts []Part `json:"parts"`
}

// Part is what a repayment gives back of one order's payment.
type Part struct {
	// Document is the order's id.
	Document string `json:"document"`
	Amount   int64  `json:"amount"`
}
