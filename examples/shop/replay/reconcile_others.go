package replay

import (
	"context"

	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// pages walks a list to its end. each returns the key of a row, after which the
// next page begins.
func pages[P, R any](ctx context.Context, get func(context.Context, web.Page) (P, error), rows func(P) []R, each func(R) string) error {
	page := web.Page{Limit: web.MaxPage}
	for {
		p, err := get(ctx, page)
		if err != nil {
			return err
		}
		list := rows(p)
		for _, row := range list {
			page.After = each(row)
		}
		if len(list) < page.Limit {
			return nil
		}
	}
}

// payments: what was captured and given back is what orders and returns come to;
// every confirmed order was paid once, no other has a payment that stands.
func (r *reconciliation) payments(ctx context.Context) error {
	var broken faults
	var captured, refunded money.Amount
	err := pages(ctx, r.clients.Payment.Payments, func(p paymentapi.Page) []paymentapi.Payment { return p.Payments }, func(p paymentapi.Payment) string {
		captured += money.Amount(p.Captured)
		refunded += money.Amount(p.Refunded)
		order := r.documents[p.Document]
		switch {
		case order == nil || order.Kind != orderapi.KindOrder:
			broken.add("%s: a payment for no order", p.Document)
			return p.Document
		case order.Status == orderapi.StatusConfirmed:
			if p.State != paymentapi.Captured || p.Captures != 1 || p.Captured != order.Total || p.Refunded < 0 || p.Refunded > p.Captured {
				broken.add("%s: confirmed for %s, %d captures of %s, refunded %s", p.Document, money.Amount(order.Total), p.Captures, money.Amount(p.Captured), money.Amount(p.Refunded))
			}
		case p.State != paymentapi.Voided || p.Captures != 0 || p.Captured != 0 || p.Refunded != 0:
			broken.add("%s: %s, yet its payment is %s", p.Document, order.Status, p.State)
		}
		order.payments++
		return p.Document
	})
	if err != nil {
		return failed("replay: list the payments", err)
	}
	r.eachConfirmed(func(s *standing) {
		if s.payments != 1 {
			broken.add("%s: confirmed, with %d payments", s.ID, s.payments)
		}
	})
	ledger, err := r.clients.Payment.Report(ctx)
	if err != nil {
		return failed("replay: ask for the payments' figures", err)
	}
	confirmed, returned := money.Amount(r.orders.ConfirmedTotal), money.Amount(r.orders.AcceptedRefund)
	r.report.amount("payment: captured - refunded = confirmed orders - accepted returns", confirmed-returned, money.Amount(ledger.Captured-ledger.Refunded))
	r.report.amount("payment: captured", confirmed, money.Amount(ledger.Captured))
	r.report.amount("payment: refunded", returned, money.Amount(ledger.Refunded))
	r.report.amount("payment: captured, by payment and by ledger", money.Amount(ledger.Captured), captured)
	r.report.amount("payment: refunded, by payment and by ledger", money.Amount(ledger.Refunded), refunded)
	r.report.amount("payment: authorisations left open", 0, money.Amount(ledger.Open))
	r.report.same("payment: accounts and payments out of balance", 0, ledger.Unbalanced)
	r.report.none("payment: orders not paid exactly once if confirmed, else not at all", &broken)
	return nil
}

// eachConfirmed calls do with every confirmed order.
func (r *reconciliation) eachConfirmed(do func(*standing)) {
	for _, s := range r.documents {
		if s.Kind == orderapi.KindOrder && s.Status == orderapi.StatusConfirmed {
			do(s)
		}
	}
}

// deliveries: every confirmed order that holds goods has one, nothing else has.
func (r *reconciliation) deliveries(ctx context.Context) error {
	var broken faults
	err := pages(ctx, r.clients.Delivery.Deliveries, func(p deliveryapi.Page) []deliveryapi.Delivery { return p.Deliveries }, func(d deliveryapi.Delivery) string {
		order := r.documents[d.Document]
		if order == nil || order.Kind != orderapi.KindOrder || order.Status != orderapi.StatusConfirmed || !order.Goods {
			broken.add("%s: a delivery for what is no confirmed order of goods", d.Document)
			return d.Document
		}
		order.deliveries++
		return d.Document
	})
	if err != nil {
		return failed("replay: list the deliveries", err)
	}
	r.eachConfirmed(func(s *standing) {
		if s.Goods && s.deliveries != 1 {
			broken.add("%s: confirmed, with %d deliveries", s.ID, s.deliveries)
		}
	})
	r.report.none("delivery: orders not delivered exactly once if confirmed with goods, else not at all", &broken)
	return nil
}

// notices: every confirmed order was confirmed to its customer once, every accepted
// return and every rejected order was told of once, and nothing else was.
func (r *reconciliation) notices(ctx context.Context) error {
	var broken faults
	err := pages(ctx, r.clients.Notification.Notices, func(p notificationapi.Page) []notificationapi.Notice { return p.Notices }, func(n notificationapi.Notice) string {
		s := r.documents[n.Document]
		if s == nil {
			broken.add("%s: a notice of no document", n.ID)
			return n.ID
		}
		switch n.Kind {
		case notificationapi.Confirmation:
			s.confirmations++
		case notificationapi.ReturnAccepted:
			s.acceptances++
		case notificationapi.Rejection:
			s.rejections++
		}
		return n.ID
	})
	if err != nil {
		return failed("replay: list the notices", err)
	}
	for _, s := range r.documents {
		var confirmations, acceptances, rejections int
		switch {
		case s.Kind == orderapi.KindOrder && s.Status == orderapi.StatusConfirmed:
			confirmations = 1
		case s.Kind == orderapi.KindOrder && s.Status == orderapi.StatusRejected:
			rejections = 1
		case s.Kind == orderapi.KindReturn && s.Status == orderapi.StatusAccepted:
			acceptances = 1
		}
		if s.confirmations != confirmations || s.acceptances != acceptances || s.rejections != rejections {
			broken.add("%s: %s %s, with %d confirmations, %d acceptances and %d rejections", s.ID, s.Kind, s.Status, s.confirmations, s.acceptances, s.rejections)
		}
	}
	r.report.none("notification: documents not told of exactly once", &broken)
	return nil
}

// stock: for every code opening - sold + returned ± adjusted is what is on hand,
// never less than nothing, and no reservation is left.
func (r *reconciliation) stock(ctx context.Context) error {
	var unbalanced, negative, reserved, opening faults
	var all inventoryapi.Figures
	codes := 0
	err := pages(ctx, r.clients.Inventory.List, func(p inventoryapi.Page) []inventoryapi.Stock { return p.Stock }, func(s inventoryapi.Stock) string {
		codes++
		if on := s.Opening - s.Sold + s.Returned + s.Adjusted; on != s.Available {
			unbalanced.add("%s: %d - %d + %d + %d = %d, on hand %d", s.Code, s.Opening, s.Sold, s.Returned, s.Adjusted, on, s.Available)
		}
		if s.Available < 0 {
			negative.add("%s: %d", s.Code, s.Available)
		}
		if s.Reserved != 0 {
			reserved.add("%s: %d", s.Code, s.Reserved)
		}
		if s.Opening != r.opening[s.Code] {
			opening.add("%s: %d received, %d opening stock", s.Code, s.Opening, r.opening[s.Code])
		}
		all.Sold += s.Sold
		all.Returned += s.Returned
		all.Adjusted += s.Adjusted
		return s.Code
	})
	if err != nil {
		return failed("replay: list the stock", err)
	}
	goods := 0
	for _, p := range r.in.Products() {
		if !p.Fee {
			goods++
		}
	}
	var sold, adjusted int64
	for _, l := range r.orders.Lines {
		switch l.Outcome {
		case orderapi.OutcomeSold:
			sold += l.Units
		case orderapi.OutcomeAdjusted:
			adjusted += l.Units
		}
	}
	returned, err := r.returnedGoods(ctx)
	if err != nil {
		return err
	}
	report, err := r.clients.Inventory.Report(ctx)
	if err != nil {
		return failed("replay: ask for the stock's figures", err)
	}
	withGoods := int64(0)
	r.eachConfirmed(func(s *standing) {
		if s.Goods {
			withGoods++
		}
	})
	r.report.same("inventory: codes", int64(goods), int64(codes))
	r.report.none("inventory: codes where opening - sold + returned ± adjusted is not on hand", &unbalanced)
	r.report.none("inventory: codes below nothing", &negative)
	r.report.none("inventory: codes with a reservation left", &reserved)
	r.report.none("inventory: codes with another opening stock", &opening)
	r.report.same("inventory: codes out of balance by its own report", 0, report.Unbalanced)
	r.report.same("inventory: reservations left", 0, report.Reservations.Reserved)
	r.report.same("inventory: reservations sold", withGoods, report.Reservations.Sold)
	r.report.same("inventory: units sold", sold, all.Sold)
	r.report.same("inventory: units returned", returned, all.Returned)
	r.report.same("inventory: units adjusted", adjusted, all.Adjusted)
	return nil
}

// returnedGoods adds up the units of goods that accepted returns brought back. The
// order service's report does not tell goods from fees there, its documents do.
func (r *reconciliation) returnedGoods(ctx context.Context) (units int64, err error) {
	for id, s := range r.documents {
		if s.Kind != orderapi.KindReturn || s.Status != orderapi.StatusAccepted || !s.Goods {
			continue
		}
		d, err := r.clients.Order.Return(ctx, id)
		if err != nil {
			return 0, failed("replay: read return "+id, err)
		}
		for _, l := range d.Lines {
			if l.Kind == catalogapi.Goods {
				units += l.Matched
			}
		}
	}
	return units, nil
}
