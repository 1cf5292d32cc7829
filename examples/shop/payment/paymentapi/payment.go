package paymentapi

import "time"

// The states of a payment.
const (
	// Authorised: the money is set aside.
	Authorised = "authorised"
	// Captured: the money was taken. Refunds do not change that.
	Captured = "captured"
	// Voided: the authorisation was taken back.
	Voided = "voided"
)

// Payment is what was paid for one order. What was captured and refunded is added
// up from the ledger.
type Payment struct {
	// Document is the order's id.
	Document string `json:"document"`
	// Customer is empty for a guest, who pays by card.
	Customer string `json:"customer,omitempty" doc:"Absent for a guest, who pays by card."`
	// Amount is what was authorised, in thousandths.
	Amount   int64  `json:"amount" doc:"What was authorised, in thousandths."`
	Currency string `json:"currency"`
	State    string `json:"state" enum:"authorised,captured,voided"`
	// Captures is how many times money was taken: once or never.
	Captures int64 `json:"captures" doc:"How many times money was taken: once or never."`
	// Captured is what was taken, in thousandths.
	Captured int64 `json:"captured" doc:"What was taken, in thousandths."`
	// Refunded is what was given back since, in thousandths.
	Refunded int64 `json:"refunded" doc:"What was given back since, in thousandths."`
	// At is when it was authorised.
	At time.Time `json:"at"`
}

// Page is a page of payments, ordered by document. The last document is the after
// of the next page.
type Page struct {
	Payments []Payment `json:"payments"`
}

// Account is what a customer owes, and may owe.
type Account struct {
	Customer string `json:"customer"`
	// Balance is open authorisations + captured - refunded, in thousandths.
	Balance int64 `json:"balance" doc:"Open authorisations + captured - refunded, in thousandths."`
	// CreditLimit bounds the balance; nil means without limit.
	CreditLimit *int64 `json:"credit_limit" nullable:"true" doc:"Bounds the balance, in thousandths; null means without limit."`
	Currency    string `json:"currency"`
}

// Report is what GET /report answers: figures of all payments at one moment, in
// thousandths of the shop's one currency. Captured and Refunded are added up from
// the ledger.
type Report struct {
	// At is when they were taken.
	At       time.Time `json:"at"`
	Currency string    `json:"currency"`
	// Captured is the sum of all captures, Captures their number.
	Captured int64 `json:"captured" doc:"Sum of all captures in the ledger."`
	Captures int64 `json:"captures" doc:"Number of captures in the ledger."`
	// Refunded is the sum of all refunds, Refunds their number.
	Refunded int64 `json:"refunded" doc:"Sum of all refunds in the ledger."`
	Refunds  int64 `json:"refunds" doc:"Number of refunds in the ledger; a return has one for each order it brings back from."`
	// Open is the sum of authorisations not decided yet.
	Open int64 `json:"open" doc:"Sum of authorisations not decided yet."`
	// Payments counts them by state.
	Payments Payments `json:"payments"`
	// Accounts is how many customers have one, Balance what they owe together.
	Accounts int64 `json:"accounts"`
	Balance  int64 `json:"balance" doc:"What all customers owe together."`
	// Unbalanced is how many accounts and payments store something else than their
	// ledger entries and authorisations add up to. Anything but 0 is a fault.
	Unbalanced int64 `json:"unbalanced" doc:"Accounts and payments that differ from what their ledger entries add up to; anything but 0 is a fault."`
}

// Payments counts payments by state.
type Payments struct {
	Authorised int64 `json:"authorised" doc:"Of undecided orders."`
	Captured   int64 `json:"captured" doc:"Of confirmed orders."`
	Voided     int64 `json:"voided" doc:"Of rejected orders."`
}
