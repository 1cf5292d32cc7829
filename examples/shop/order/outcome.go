package order

import (
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// Outcome tells what became of a line of a document of this kind, status and
// reason. Only two things about the line itself matter: its kind (goods or fee),
// and whether any unit of it matched an earlier sale.
func Outcome(document, status, reason, line string, matched bool) (outcome, why string) {
	switch status {
	case orderapi.StatusPending:
		return orderapi.OutcomePending, ""
	case orderapi.StatusRejected:
		return orderapi.OutcomeRejected, reason
	}
	switch document {
	case orderapi.KindReturn:
		if !matched {
			return orderapi.OutcomeRejected, orderapi.ReasonNoEarlierSale
		}
		return orderapi.OutcomeReturned, ""
	case orderapi.KindAdjustment:
		return orderapi.OutcomeAdjusted, ""
	}
	if line == catalogapi.Fee {
		return orderapi.OutcomeFee, ""
	}
	return orderapi.OutcomeSold, ""
}

// Published returns the document as others see it, each line with its outcome.
func (d *Document) Published() orderapi.Document {
	lines := make([]orderapi.DocumentLine, len(d.Lines))
	for i, l := range d.Lines {
		outcome, why := Outcome(d.Kind, d.Status, d.Reason, l.Kind, l.Matched > 0)
		lines[i] = orderapi.DocumentLine{
			N: l.N, Code: l.Code, Kind: l.Kind, Quantity: l.Quantity, UnitPrice: l.UnitPrice,
			Outcome: outcome, Reason: why, Returned: l.Returned, Matched: l.Matched, Refund: l.Refund,
		}
	}
	return orderapi.Document{Summary: d.Summary, Lines: lines}
}
