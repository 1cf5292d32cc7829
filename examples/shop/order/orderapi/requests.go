package orderapi

// Limits of a request.
const (
	// MaxLines is the most lines that one document holds.
	MaxLines = 5000
	// Currency is the only one the shop trades in.
	Currency = "GBP"
)

// PlaceOrder asks for an order, on POST /orders.
type PlaceOrder struct {
	// Reference is the caller's own name for it.
	Reference string `json:"reference"`
	// Customer is a registered customer's id; "" for a guest, who pays by card.
	Customer string `json:"customer,omitempty"`
	// Country is where it goes.
	Country string `json:"country"`
	// Currency must be GBP.
	Currency string `json:"currency"`
	// Date is when it was written, as RFC 3339; "" means now.
	Date string `json:"date,omitempty"`
	// Lines are 1 to [MaxLines], each of a quantity above zero. A price of zero
	// gives the goods away; a price below zero has the order stored as rejected.
	Lines []Line `json:"lines"`
}

// LodgeReturn asks for goods to be taken back, on POST /returns. Each line's
// quantity is the number of units that come back, above zero. What was not sold to
// this customer before is not refunded.
type LodgeReturn struct {
	// Reference is the caller's own name for it.
	Reference string `json:"reference"`
	// Customer is a registered customer's id; what a guest brings back ("") never
	// finds an earlier sale.
	Customer string `json:"customer,omitempty"`
	// Country is where the goods come from.
	Country string `json:"country"`
	// Currency must be GBP.
	Currency string `json:"currency"`
	// Date is when it was written, as RFC 3339; "" means now.
	Date string `json:"date,omitempty"`
	// Lines are 1 to [MaxLines]. Their prices are recorded as stated; the refund is
	// what was paid.
	Lines []Line `json:"lines"`
}

// Adjust asks for stock to be written off, on POST /adjustments.
type Adjust struct {
	// Reference is the caller's own name for it.
	Reference string `json:"reference"`
	// Currency must be GBP.
	Currency string `json:"currency"`
	// Date is when it was written, as RFC 3339; "" means now.
	Date string `json:"date,omitempty"`
	// Lines are 1 to [MaxLines], each of a quantity below zero and a price of zero.
	Lines []Line `json:"lines"`
}

// Line is one line of a request.
type Line struct {
	// Code is a product's code, as the catalog lists it.
	Code string `json:"code"`
	// Quantity is a number of units.
	Quantity int64 `json:"quantity"`
	// UnitPrice is in thousandths of the document's currency.
	UnitPrice int64 `json:"unit_price"`
}
