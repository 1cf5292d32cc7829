package orderapi

// The kinds of documents.
const (
	KindOrder      = "order"
	KindReturn     = "return"
	KindAdjustment = "adjustment"
)

// The states of documents. A document that is not pending is settled for good.
const (
	// StatusPending: its saga is still at work.
	StatusPending = "PENDING"
	// StatusConfirmed orders are sold and paid for.
	StatusConfirmed = "CONFIRMED"
	// StatusAccepted returns are refunded; accepted adjustments have moved stock.
	StatusAccepted = "ACCEPTED"
	// StatusRejected documents changed nothing; their reason says why.
	StatusRejected = "REJECTED"
)

// The outcomes of lines.
const (
	OutcomePending  = "pending"
	OutcomeSold     = "sold"
	OutcomeFee      = "fee"
	OutcomeReturned = "returned"
	OutcomeAdjusted = "adjusted"
	OutcomeRejected = "rejected"
)

// The reasons that the order service itself gives. Others come from the
// participants of its sagas, as they give them: "out-of-stock", "credit-limit".
const (
	// ReasonNegativePrice: an order has a line whose price is below zero.
	ReasonNegativePrice = "negative-price"
	// ReasonNoEarlierSale: nothing of what is returned was sold to this customer
	// before, or all of it came back already.
	ReasonNoEarlierSale = "no-earlier-sale"
)

// Summary is a document without its lines.
type Summary struct {
	// ID names the document; later ones have greater ids.
	ID string `json:"id" doc:"Name of the document; later ones sort after earlier ones."`
	// Kind is order, return or adjustment.
	Kind string `json:"kind" enum:"order,return,adjustment"`
	// Reference is the caller's own name for it: the invoice number.
	Reference string `json:"reference"`
	// Customer is the customer's id; "" for a guest.
	Customer string `json:"customer,omitempty" doc:"Customer's id; absent for a guest."`
	// Country is where it goes to or comes from.
	Country string `json:"country,omitempty"`
	// Currency is the ISO 4217 code of all its amounts.
	Currency string `json:"currency"`
	// Date is when it was written, as RFC 3339.
	Date string `json:"date"`
	// Status is PENDING, CONFIRMED (orders), ACCEPTED (others) or REJECTED.
	Status string `json:"status" enum:"PENDING,CONFIRMED,ACCEPTED,REJECTED"`
	// Reason says why it was rejected; "" otherwise.
	Reason string `json:"reason,omitempty"`
	// Total is the sum of quantity × unit price over all lines, in thousandths,
	// with the signs of the lines: negative for a return.
	Total int64 `json:"total" doc:"Sum of quantity × unit price, in thousandths; negative for a return."`
	// Refund is what an accepted return pays back, in thousandths, from 0.
	Refund int64 `json:"refund" doc:"What a return pays back, in thousandths."`
	// Goods says that at least one line moves stock, not only fees.
	Goods bool `json:"goods"`
}

// Settled says whether the document is decided for good.
func (s Summary) Settled() bool { return s.Status != StatusPending }

// Document is a document with its lines.
type Document struct {
	Summary
	// Lines are in the order of the request.
	Lines []DocumentLine `json:"lines"`
}

// DocumentLine is a line with what became of it.
type DocumentLine struct {
	// N counts from 1.
	N int `json:"n"`
	// Code is the product's.
	Code string `json:"code"`
	// Kind is goods or fee.
	Kind string `json:"kind" enum:"goods,fee"`
	// Quantity is signed: positive units leave the shop, negative ones come back
	// (returns) or are written off (adjustments).
	Quantity int64 `json:"quantity" doc:"Signed: negative for returns and adjustments."`
	// UnitPrice is in thousandths.
	UnitPrice int64 `json:"unit_price"`
	// Outcome is pending, sold, fee, returned, adjusted or rejected.
	Outcome string `json:"outcome" enum:"pending,sold,fee,returned,adjusted,rejected"`
	// Reason says why it was rejected; "" otherwise.
	Reason string `json:"reason,omitempty"`
	// Returned is how many units of an order's line were taken back since.
	Returned int64 `json:"returned,omitempty"`
	// Matched is how many units of a return's line found an earlier sale.
	Matched int64 `json:"matched,omitempty"`
	// Refund is what the matched units had cost, in thousandths.
	Refund int64 `json:"refund,omitempty"`
}
