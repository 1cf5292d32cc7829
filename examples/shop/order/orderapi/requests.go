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
	Reference string `json:"reference" minLength:"1" maxLength:"64" doc:"The caller's own name for it."`
	// Customer is a registered customer's id; "" for a guest, who pays by card.
	Customer string `json:"customer,omitempty" maxLength:"64" doc:"A registered customer's id; absent for a guest."`
	// Country is where it goes.
	Country string `json:"country" minLength:"1" maxLength:"100"`
	// Currency must be GBP.
	Currency string `json:"currency" enum:"GBP"`
	// Date is when it was written, as RFC 3339; "" means now.
	Date string `json:"date,omitempty" format:"date-time" doc:"When it was written; absent means now."`
	// Lines are 1 to [MaxLines], each of a quantity above zero. A price of zero
	// gives the goods away; a price below zero has the order stored as rejected.
	Lines []Line `json:"lines" nullable:"false" minItems:"1" maxItems:"5000"`
}

// LodgeReturn asks for goods to be taken back, on POST /returns. Each line's
// quantity is the number of units that come back, above zero. What was not sold to
// this customer before is not refunded.
type LodgeReturn struct {
	// Reference is the caller's own name for it.
	Reference string `json:"reference" minLength:"1" maxLength:"64" doc:"The caller's own name for it."`
	// Customer is a registered customer's id; what a guest brings back ("") never
	// finds an earlier sale.
	Customer string `json:"customer,omitempty" maxLength:"64" doc:"A registered customer's id; absent for a guest."`
	// Country is where the goods come from.
	Country string `json:"country" minLength:"1" maxLength:"100"`
	// Currency must be GBP.
	Currency string `json:"currency" enum:"GBP"`
	// Date is when it was written, as RFC 3339; "" means now.
	Date string `json:"date,omitempty" format:"date-time" doc:"When it was written; absent means now."`
	// Lines are 1 to [MaxLines]. Their prices are recorded as stated; the refund is
	// what was paid.
	Lines []Line `json:"lines" nullable:"false" minItems:"1" maxItems:"5000"`
}

// Adjust asks for stock to be written off, on POST /adjustments.
type Adjust struct {
	// Reference is the caller's own name for it.
	Reference string `json:"reference" minLength:"1" maxLength:"64" doc:"The caller's own name for it."`
	// Currency must be GBP.
	Currency string `json:"currency" enum:"GBP"`
	// Date is when it was written, as RFC 3339; "" means now.
	Date string `json:"date,omitempty" format:"date-time" doc:"When it was written; absent means now."`
	// Lines are 1 to [MaxLines], each of a quantity below zero and a price of zero.
	Lines []Line `json:"lines" nullable:"false" minItems:"1" maxItems:"5000"`
}

// Line is one line of a request.
type Line struct {
	// Code is a product's code, as the catalog lists it.
	Code string `json:"code" minLength:"1" maxLength:"64" doc:"A product's code; case matters."`
	// Quantity is a number of units.
	Quantity int64 `json:"quantity" doc:"Units: above zero in orders and returns, below zero in adjustments."`
	// UnitPrice is in thousandths of the document's currency.
	UnitPrice int64 `json:"unit_price" doc:"In thousandths: 2550 is 2.55; zero in adjustments."`
}
