package order_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// TestReportAgreesWithTheDocuments makes one document of every kind of ending and
// adds them up by hand from what each shows of itself.
func TestReportAgreesWithTheDocuments(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		adjust := func(units int64) {
			_, err := s.client.Adjust(t.Context(), "", 0, orderapi.Adjust{Reference: "1", Currency: "GBP", Lines: []orderapi.Line{line("MUG", units, 0)}})
			must(t, err)
			s.settle()
		}
		s.sold("ada", line("MUG", 5, 1001), line("POST", 1, 18000), line("mug", 1, 0))
		s.sold("", line("MUG", 1, 2550))
		s.place("bob", line("POST", 1, -5))
		s.lodge("ada", line("MUG", 2, 1001), line("mug", 3, 7), line("POST", 2, 9))
		s.lodge("", line("MUG", 1, 2550))
		adjust(-3)
		s.cast.refuses(inventoryapi.Reserve, inventoryapi.OutOfStock)
		s.cast.refuses(inventoryapi.Adjust, inventoryapi.ExceedsStock)
		s.cast.refuses(paymentapi.Refund, paymentapi.ExceedsCaptured)
		s.place("ada", line("MUG", 100, 1001), line("POST", 1, 2))
		s.lodge("ada", line("MUG", 1, 1001))
		adjust(-30)
		s.cast.hold(paymentapi.Capture)
		s.cast.hold(paymentapi.Authorise)
		_, err := s.client.PlaceOrder(t.Context(), "", 0, placed("bob", line("POST", 1, 77)))
		must(t, err)

		want := s.addUp()
		got, err := s.client.Report(t.Context())
		must(t, err)
		if !slices.Equal(got.Lines, want.Lines) {
			t.Errorf("lines\n%+v, wanted\n%+v", got.Lines, want.Lines)
		}
		if !slices.Equal(got.Documents, want.Documents) {
			t.Errorf("documents\n%+v, wanted\n%+v", got.Documents, want.Documents)
		}
		got.Lines, got.Documents, want.Lines, want.Documents = nil, nil, nil, nil
		if got.TotalLines != want.TotalLines || got.TotalAmount != want.TotalAmount || got.ConfirmedTotal != want.ConfirmedTotal || got.AcceptedRefund != want.AcceptedRefund {
			t.Errorf("totals\n%+v, wanted\n%+v", got, want)
		}
		if want.ConfirmedTotal != 5*1001+18000+2550 || want.AcceptedRefund != 2*1001+18000 || want.TotalLines != 15 {
			t.Errorf("the documents themselves add up to %+v", want)
		}
	})
}

// addUp makes a report from every document as it is shown, page by page.
func (s *shop) addUp() orderapi.Report {
	s.t.Helper()
	var r orderapi.Report
	show := map[string]func(id string) (orderapi.Document, error){
		"order":      func(id string) (orderapi.Document, error) { return s.client.Order(s.t.Context(), id) },
		"return":     func(id string) (orderapi.Document, error) { return s.client.Return(s.t.Context(), id) },
		"adjustment": func(id string) (orderapi.Document, error) { return s.client.Adjustment(s.t.Context(), id) },
	}
	after := ""
	for {
		page, err := s.client.Documents(s.t.Context(), web.Page{After: after, Limit: 3})
		must(s.t, err)
		if len(page.Documents) == 0 {
			break
		}
		for _, d := range page.Documents {
			if d.ID <= after {
				s.t.Fatalf("%s comes after %s", d.ID, after)
			}
			after = d.ID
			r.Documents = append(r.Documents, orderapi.DocumentFigures{Kind: d.Kind, Status: d.Status, Reason: d.Reason, Documents: 1, Total: d.Total, Refund: d.Refund})
			switch d.Status {
			case orderapi.StatusConfirmed:
				r.ConfirmedTotal += d.Total
			case orderapi.StatusAccepted:
				r.AcceptedRefund += d.Refund
			}
			full, err := show[d.Kind](d.ID)
			must(s.t, err)
			for _, l := range full.Lines {
				r.TotalLines++
				r.TotalAmount += l.Quantity * l.UnitPrice
				r.Lines = append(r.Lines, orderapi.LineFigures{Outcome: l.Outcome, Reason: l.Reason, Lines: 1, Units: l.Quantity,
					Amount: l.Quantity * l.UnitPrice, Matched: l.Matched, Refund: l.Refund})
			}
		}
	}
	r.Lines = merge(r.Lines, func(a, b orderapi.LineFigures) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	}, func(into *orderapi.LineFigures, l orderapi.LineFigures) {
		into.Lines += l.Lines
		into.Units += l.Units
		into.Amount += l.Amount
		into.Matched += l.Matched
		into.Refund += l.Refund
	})
	r.Documents = merge(r.Documents, func(a, b orderapi.DocumentFigures) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Reason, b.Reason))
	}, func(into *orderapi.DocumentFigures, d orderapi.DocumentFigures) {
		into.Documents += d.Documents
		into.Total += d.Total
		into.Refund += d.Refund
	})
	return r
}

// merge sorts rows and adds up those that compare as equal.
func merge[T any](rows []T, order func(a, b T) int, add func(into *T, row T)) []T {
	slices.SortStableFunc(rows, order)
	var merged []T
	for _, row := range rows {
		if n := len(merged); n > 0 && order(merged[n-1], row) == 0 {
			add(&merged[n-1], row)
			continue
		}
		merged = append(merged, row)
	}
	return merged
}
