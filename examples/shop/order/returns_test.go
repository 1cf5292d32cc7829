package order_test

import (
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
)

// returned reads how many units of an order's lines have come back.
func (s *shop) returned(id string) []int64 {
	s.t.Helper()
	d, err := s.client.Order(s.t.Context(), id)
	must(s.t, err)
	var units []int64
	for _, l := range d.Lines {
		units = append(units, l.Returned)
	}
	return units
}

func TestAReturnIsRefundedAtThePricePaid(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		first := s.sold("ada", line("MUG", 5, 1000))
		second := s.sold("ada", line("MUG", 1, 3000), line("POST", 1, 18000), line("MUG", 2, 2000))
		s.sold("bob", line("MUG", 50, 9000))
		s.place("", line("MUG", 50, 9000))

		// Six of the eight mugs that ada has, one postage, two mugs of a kind never sold.
		got := s.lodge("ada", line("MUG", 6, 7777), line("POST", 1, 1), line("mug", 2, 1))
		refund := int64(2*2000 + 1*3000 + 3*1000 + 18000)
		if got.Status != orderapi.StatusAccepted || got.Refund != refund || !got.Goods {
			t.Errorf("the return is %s, goods %v, and refunds %d, wanted %d", got.Status, got.Goods, got.Refund, refund)
		}
		if got.Total != -(6*7777 + 1 + 2) {
			t.Errorf("the total as stated is %d", got.Total)
		}
		for i, want := range []orderapi.DocumentLine{
			{N: 1, Code: "MUG", Kind: "goods", Quantity: -6, UnitPrice: 7777, Outcome: "returned", Matched: 6, Refund: 10000},
			{N: 2, Code: "POST", Kind: "fee", Quantity: -1, UnitPrice: 1, Outcome: "returned", Matched: 1, Refund: 18000},
			{N: 3, Code: "mug", Kind: "goods", Quantity: -2, UnitPrice: 1, Outcome: "rejected", Reason: "no-earlier-sale"},
		} {
			if got.Lines[i] != want {
				t.Errorf("line %d is\n%+v, wanted\n%+v", i+1, got.Lines[i], want)
			}
		}
		if r := s.returned(first.ID); !slices.Equal(r, []int64{3}) {
			t.Errorf("of the first order came back %v", r)
		}
		if r := s.returned(second.ID); !slices.Equal(r, []int64{1, 1, 2}) {
			t.Errorf("of the second order came back %v", r)
		}
		repaid := only[paymentapi.Repayment](t, s.cast, paymentapi.Refund)
		slices.SortFunc(repaid.Parts, func(a, b paymentapi.Part) int { return int(a.Amount - b.Amount) })
		if repaid.Document != got.ID || repaid.Customer != "ada" || repaid.Currency != "GBP" ||
			!slices.Equal(repaid.Parts, []paymentapi.Part{{Document: first.ID, Amount: 3000}, {Document: second.ID, Amount: 25000}}) {
			t.Errorf("payment was asked for %+v", repaid)
		}
		if back := only[inventoryapi.Order](t, s.cast, inventoryapi.Restock); !slices.Equal(back.Lines, []inventoryapi.Line{{Code: "MUG", Quantity: 6}}) {
			t.Errorf("the inventory got back %+v", back)
		}
		want := []string{"create do done", "refund do done", "accept do done", "restock do done", "notify do done"}
		if log := s.log(got.ID); !slices.Equal(log, want) {
			t.Errorf("the saga went %q, wanted %q", log, want)
		}
		if n := s.cast.data[notificationapi.Send]; n[len(n)-1].(notificationapi.Notification).Kind != notificationapi.ReturnAccepted {
			t.Errorf("the notices are %+v", n)
		}
	})
}

func TestOnlyConfirmedSalesToThatCustomerAreReturned(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.sold("bob", line("MUG", 5, 1000))
		s.sold("", line("MUG", 5, 1000))
		s.cast.refuses(paymentapi.Authorise, paymentapi.CreditLimit)
		s.place("ada", line("MUG", 5, 1000))
		for _, customer := range []string{"ada", ""} {
			got := s.lodge(customer, line("MUG", 1, 1000))
			if got.Status != orderapi.StatusRejected || got.Reason != orderapi.ReasonNoEarlierSale || got.Refund != 0 {
				t.Errorf("the return of %q is %s %q and refunds %d", customer, got.Status, got.Reason, got.Refund)
			}
		}
		if n := s.cast.times(paymentapi.Refund); n != 0 {
			t.Errorf("%d refunds were asked for", n)
		}
	})
}

func TestWhatCameBackCannotComeBackAgain(t *testing.T) {
	s := openShop(t)
	s.sold("ada", line("MUG", 3, 1000))
	for i, want := range []struct {
		status  string
		matched int64
	}{{orderapi.StatusAccepted, 2}, {orderapi.StatusAccepted, 1}, {orderapi.StatusRejected, 0}} {
		if got := s.lodge("ada", line("MUG", 2, 1000)); got.Status != want.status || got.Lines[0].Matched != want.matched {
			t.Errorf("return %d is %s and matched %d", i+1, got.Status, got.Lines[0].Matched)
		}
	}
}

func TestTheLastLineOfAnOrderIsItsLatestSale(t *testing.T) {
	s := openShop(t)
	sale := s.sold("ada", line("MUG", 2, 1000), line("MUG", 2, 3000))
	if got := s.lodge("ada", line("MUG", 3, 1000)); got.Refund != 7000 {
		t.Errorf("the return refunds %d, wanted 7000", got.Refund)
	}
	if r := s.returned(sale.ID); !slices.Equal(r, []int64{1, 2}) {
		t.Errorf("of the order came back %v", r)
	}
}

func TestARefusedRefundFreesTheSales(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		sale := s.sold("ada", line("MUG", 5, 1000), line("MUG", 2, 2000))
		s.cast.refuses(paymentapi.Refund, paymentapi.ExceedsCaptured)
		got := s.lodge("ada", line("MUG", 4, 1000))
		if got.Status != orderapi.StatusRejected || got.Reason != paymentapi.ExceedsCaptured || got.Refund != 0 ||
			got.Lines[0].Matched != 0 || got.Lines[0].Refund != 0 || got.Lines[0].Outcome != orderapi.OutcomeRejected {
			t.Errorf("the return is %+v", got)
		}
		if r := s.returned(sale.ID); !slices.Equal(r, []int64{0, 0}) {
			t.Errorf("of the order came back %v", r)
		}
		if log := s.log(got.ID); !slices.Equal(log, []string{"create do done", "refund do rejected", "create undo done"}) {
			t.Errorf("the saga went %q", log)
		}
		if n := s.cast.times(inventoryapi.Restock); n != 0 {
			t.Errorf("the inventory got something back %d times", n)
		}

		s.cast.refuses(paymentapi.Refund, "")
		if got = s.lodge("ada", line("MUG", 7, 1000)); got.Refund != 9000 {
			t.Errorf("all that is free again refunds %d, wanted 9000", got.Refund)
		}
	})
}

func TestAReturnOfFeesRestocksNothing(t *testing.T) {
	s := openShop(t)
	s.sold("ada", line("POST", 1, 18000), line("MUG", 1, 0))
	if got := s.lodge("ada", line("POST", 1, 18000), line("mug", 1, 5)); got.Status != orderapi.StatusAccepted || got.Goods || got.Refund != 18000 {
		t.Errorf("the return is %s, goods %v, refunds %d", got.Status, got.Goods, got.Refund)
	}
	if got := s.lodge("ada", line("MUG", 1, 5)); got.Status != orderapi.StatusAccepted || !got.Goods || got.Refund != 0 {
		t.Errorf("the return of a free mug is %s, goods %v, refunds %d", got.Status, got.Goods, got.Refund)
	}
	if n := s.cast.times(inventoryapi.Restock); n != 1 {
		t.Errorf("the inventory got something back %d times", n)
	}
}
