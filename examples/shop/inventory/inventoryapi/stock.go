package inventoryapi

import "time"

// MaxReceipt is the most lines that one receipt holds.
const MaxReceipt = 5000

// Receipt is goods that came in, on POST /stock/receipts.
type Receipt struct {
	// Reference is the caller's own name for the receipt. It is used once.
	Reference string `json:"reference" minLength:"1" maxLength:"200" doc:"The caller's own name for the receipt, used once."`
	// Lines are what came in; a code may be named several times.
	Lines []Line `json:"lines" nullable:"false" minItems:"1" maxItems:"5000"`
}

// Received is what came of a receipt.
type Received struct {
	Reference string `json:"reference"`
	// Codes is how many products it was for.
	Codes int `json:"codes"`
	// Units is how many units came in.
	Units int64 `json:"units"`
}

// Stock is what there is of one product, and how it came to be. But for Available,
// all figures are added up from the movements, so that
//
//	opening - sold - reserved + returned + adjusted = available
//
// holds if, and only if, every movement is there exactly once.
type Stock struct {
	Code string `json:"code"`
	// Available is what can be ordered now, the one figure that is stored.
	Available int64 `json:"available" doc:"What can be ordered now."`
	Figures
}

// Figures are quantities by the kinds of movements they derive from.
type Figures struct {
	// Opening is what came in.
	Opening int64 `json:"opening" doc:"What came in by receipts."`
	// Sold is what confirmed orders took.
	Sold int64 `json:"sold" doc:"What confirmed orders took."`
	// Reserved is what undecided orders hold.
	Reserved int64 `json:"reserved" doc:"What undecided orders hold."`
	// Returned is what came back.
	Returned int64 `json:"returned" doc:"What accepted returns brought back."`
	// Adjusted is the sum of signed corrections.
	Adjusted int64 `json:"adjusted" doc:"Sum of signed corrections."`
}

// Balance is what must be available if nothing was lost or done twice.
func (f Figures) Balance() int64 {
	return f.Opening - f.Sold - f.Reserved + f.Returned + f.Adjusted
}

// Page is a page of stock, ordered by code. The last code is the after of the next
// page.
type Page struct {
	Stock []Stock `json:"stock"`
}

// Report is what GET /report answers: figures of all products at one moment.
type Report struct {
	// At is when they were taken.
	At time.Time `json:"at"`
	// Codes is how many products have a stock.
	Codes int64 `json:"codes"`
	// Available is the sum of what is available.
	Available int64 `json:"available"`
	Figures
	// Unbalanced is how many products have something else available than their
	// movements add up to. Anything but 0 is a fault.
	Unbalanced int64 `json:"unbalanced" doc:"Products whose movements do not add up to what is available; anything but 0 is a fault."`
	// Reservations counts them by state.
	Reservations Reservations `json:"reservations"`
}

// Reservations counts reservations by state.
type Reservations struct {
	Reserved int64 `json:"reserved" doc:"Of undecided orders."`
	Sold     int64 `json:"sold" doc:"Of confirmed orders."`
	Released int64 `json:"released" doc:"Of rejected orders."`
}
