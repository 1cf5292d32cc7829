package orderapi

// Report is what GET /report answers: figures taken from the documents and their
// lines at one moment.
type Report struct {
	// Lines counts lines by what became of them.
	Lines []LineFigures `json:"lines"`
	// Documents counts documents by what became of them.
	Documents []DocumentFigures `json:"documents"`
	// TotalLines is the number of all lines.
	TotalLines int64 `json:"total_lines"`
	// TotalAmount is the sum of quantity × unit price of all lines, in thousandths.
	TotalAmount int64 `json:"total_amount"`
	// ConfirmedTotal is the sum of the totals of confirmed orders, in thousandths.
	ConfirmedTotal int64 `json:"confirmed_total"`
	// AcceptedRefund is the sum of the refunds of accepted returns, in thousandths.
	AcceptedRefund int64 `json:"accepted_refund"`
}

// LineFigures are the figures of the lines with one outcome and reason.
type LineFigures struct {
	Outcome string `json:"outcome"`
	Reason  string `json:"reason,omitempty"`
	// Lines is their number.
	Lines int64 `json:"lines"`
	// Units is the sum of their signed quantities.
	Units int64 `json:"units"`
	// Amount is the sum of quantity × unit price, in thousandths.
	Amount int64 `json:"amount"`
	// Matched is the sum of units that found an earlier sale.
	Matched int64 `json:"matched"`
	// Refund is the sum of what matched units had cost, in thousandths.
	Refund int64 `json:"refund"`
}

// DocumentFigures are the figures of the documents of one kind, status and reason.
type DocumentFigures struct {
	Kind   string `json:"kind"`
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
	// Documents is their number.
	Documents int64 `json:"documents"`
	// Total is the sum of their totals, in thousandths.
	Total int64 `json:"total"`
	// Refund is the sum of their refunds, in thousandths.
	Refund int64 `json:"refund"`
}

// Page is a page of documents, ordered by id. The last id is the after of the next
// page.
type Page struct {
	Documents []Summary `json:"documents"`
}
