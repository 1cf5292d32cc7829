package order_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
)

func TestAnOrderGoesThroughEveryService(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		got := s.sold("ada", line("MUG", 2, 2550), line("POST", 1, 18000), line("mug", 3, 0))

		want := []string{"create do done", "reserve do done", "authorise do done", "confirm do done", "capture do done", "deliver do done", "notify do done"}
		if log := s.log(got.ID); !slices.Equal(log, want) {
			t.Errorf("the saga went %q, wanted %q", log, want)
		}
		reserved := only[inventoryapi.Order](t, s.cast, inventoryapi.Reserve)
		if !slices.Equal(reserved.Lines, []inventoryapi.Line{{Code: "MUG", Quantity: 2}, {Code: "mug", Quantity: 3}}) || reserved.Document != got.ID {
			t.Errorf("the inventory was asked for %+v", reserved)
		}
		if a := only[paymentapi.Authorisation](t, s.cast, paymentapi.Authorise); a != (paymentapi.Authorisation{Document: got.ID, Customer: "ada", Amount: 23100, Currency: "GBP"}) {
			t.Errorf("payment was asked for %+v", a)
		}
		if c := only[deliveryapi.Consignment](t, s.cast, deliveryapi.Schedule); c != (deliveryapi.Consignment{Document: got.ID, Customer: "ada", Country: "France", Items: 5}) {
			t.Errorf("delivery was asked for %+v", c)
		}
		if n := only[notificationapi.Notification](t, s.cast, notificationapi.Send); n.Kind != notificationapi.Confirmation {
			t.Errorf("the notice is %+v", n)
		}
		var confirmed orderapi.Confirmed
		must(t, json.Unmarshal([]byte(only[string](t, s.cast, orderapi.OrderConfirmed)), &confirmed))
		if confirmed != (orderapi.Confirmed{Document: got.ID, Goods: true}) {
			t.Errorf("the others heard %+v", confirmed)
		}
		doc, err := s.client.Order(t.Context(), got.ID)
		must(t, err)
		for i, outcome := range []string{"sold", "fee", "sold"} {
			if doc.Lines[i].Outcome != outcome {
				t.Errorf("line %d is %s, wanted %s", i+1, doc.Lines[i].Outcome, outcome)
			}
		}
	})
}

func TestARefusalTakesEverythingBackLastStepFirst(t *testing.T) {
	cases := []struct {
		refused, reason string
		asked           []string
		log             []string
	}{
		{inventoryapi.Reserve, inventoryapi.OutOfStock,
			[]string{inventoryapi.Reserve, orderapi.OrderRejected},
			[]string{"create do done", "reserve do rejected", "create undo done"}},
		{paymentapi.Authorise, paymentapi.CreditLimit,
			[]string{inventoryapi.Reserve, paymentapi.Authorise, inventoryapi.Release, orderapi.OrderRejected},
			[]string{"create do done", "reserve do done", "authorise do rejected", "reserve undo done", "create undo done"}},
	}
	for _, c := range cases {
		t.Run(c.refused, func(t *testing.T) {
			s := openShop(t)
			s.cast.refuses(c.refused, c.reason)
			got := s.place("ada", line("MUG", 2, 2550), line("POST", 1, 100))
			if got.Status != orderapi.StatusRejected || got.Reason != c.reason {
				t.Errorf("the order is %s %q", got.Status, got.Reason)
			}
			if !slices.Equal(s.cast.asked, c.asked) {
				t.Errorf("the others saw %q, wanted %q", s.cast.asked, c.asked)
			}
			if log := s.log(got.ID); !slices.Equal(log, c.log) {
				t.Errorf("the saga went %q, wanted %q", log, c.log)
			}
			var rejected orderapi.Rejected
			must(t, json.Unmarshal([]byte(only[string](t, s.cast, orderapi.OrderRejected)), &rejected))
			if rejected != (orderapi.Rejected{Document: got.ID, Customer: "ada", Reason: c.reason}) {
				t.Errorf("the others heard %+v", rejected)
			}
			doc, err := s.client.Order(t.Context(), got.ID)
			must(t, err)
			for _, l := range doc.Lines {
				if l.Outcome != orderapi.OutcomeRejected || l.Reason != c.reason {
					t.Errorf("line %d is %s %q", l.N, l.Outcome, l.Reason)
				}
			}
			if c.refused == paymentapi.Authorise {
				reserve, release := only[inventoryapi.Order](t, s.cast, inventoryapi.Reserve), only[inventoryapi.Order](t, s.cast, inventoryapi.Release)
				if reserve.Document != release.Document || !slices.Equal(reserve.Lines, release.Lines) {
					t.Errorf("%+v was reserved and %+v released", reserve, release)
				}
			}
		})
	}
}

func TestAnswersThatComeTwiceCountOnce(t *testing.T) {
	s := openShop(t)
	s.cast.twice = true
	sale := s.sold("ada", line("MUG", 2, 2550))
	back := s.lodge("ada", line("MUG", 2, 2550))
	if back.Status != orderapi.StatusAccepted || back.Refund != 5100 {
		t.Errorf("the return is %s and refunds %d", back.Status, back.Refund)
	}
	for _, typ := range []string{inventoryapi.Reserve, paymentapi.Authorise, paymentapi.Capture, deliveryapi.Schedule, orderapi.OrderConfirmed, paymentapi.Refund, inventoryapi.Restock} {
		if n := s.cast.times(typ); n != 1 {
			t.Errorf("%s happened %d times", typ, n)
		}
	}
	if len(s.log(sale.ID)) != 7 {
		t.Errorf("the saga went %q", s.log(sale.ID))
	}
}

func TestAnOrderOfFeesMovesNoStock(t *testing.T) {
	s := openShop(t)
	got := s.sold("", line("POST", 1, 18000))
	if got.Goods || s.cast.times(inventoryapi.Reserve)+s.cast.times(deliveryapi.Schedule) != 0 {
		t.Errorf("goods %v, the others saw %q", got.Goods, s.cast.asked)
	}
	want := []string{"create do done", "reserve do skipped", "authorise do done", "confirm do done", "capture do done", "deliver do skipped", "notify do done"}
	if log := s.log(got.ID); !slices.Equal(log, want) {
		t.Errorf("the saga went %q, wanted %q", log, want)
	}
}

func TestAnOrderAtANegativePriceIsKeptAndRefusedAtOnce(t *testing.T) {
	s := openShop(t)
	got, err := s.client.PlaceOrder(t.Context(), "", 0, placed("", line("POST", 1, -11062060)))
	must(t, err)
	if got.Status != orderapi.StatusRejected || got.Reason != orderapi.ReasonNegativePrice || got.Total != -11062060 {
		t.Errorf("the order is %+v", got)
	}
	s.settle()
	if !slices.Equal(s.cast.asked, []string{orderapi.OrderRejected}) {
		t.Errorf("the others saw %q", s.cast.asked)
	}
}

func TestAnAdjustmentIsDecidedByTheInventory(t *testing.T) {
	s := openShop(t)
	adjust := func(lines ...orderapi.Line) orderapi.Document {
		t.Helper()
		got, err := s.client.Adjust(t.Context(), "", 0, orderapi.Adjust{Reference: "536589", Currency: "GBP", Lines: lines})
		must(t, err)
		s.settle()
		d, err := s.client.Adjustment(t.Context(), got.ID)
		must(t, err)
		return d
	}
	got := adjust(line("MUG", -10, 0), line("POST", -1, 0))
	if got.Status != orderapi.StatusAccepted || got.Lines[0].Outcome != orderapi.OutcomeAdjusted || got.Lines[0].Quantity != -10 {
		t.Errorf("the adjustment is %+v", got)
	}
	if asked := only[inventoryapi.Order](t, s.cast, inventoryapi.Adjust); !slices.Equal(asked.Lines, []inventoryapi.Line{{Code: "MUG", Quantity: -10}}) {
		t.Errorf("the inventory was asked for %+v", asked)
	}

	s.cast.refuses(inventoryapi.Adjust, inventoryapi.ExceedsStock)
	got = adjust(line("MUG", -1000, 0))
	if got.Status != orderapi.StatusRejected || got.Lines[0].Reason != inventoryapi.ExceedsStock {
		t.Errorf("the adjustment is %+v", got)
	}
	if log := s.log(got.ID); !slices.Equal(log, []string{"create do done", "adjust do rejected", "create undo done"}) {
		t.Errorf("the saga went %q", log)
	}

	before := s.cast.times(inventoryapi.Adjust)
	if got = adjust(line("POST", -1, 0)); got.Status != orderapi.StatusAccepted || s.cast.times(inventoryapi.Adjust) != before {
		t.Errorf("an adjustment of fees is %s and asked the inventory %d times", got.Status, s.cast.times(inventoryapi.Adjust)-before)
	}
}
