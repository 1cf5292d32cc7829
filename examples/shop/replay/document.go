package replay

import (
	"context"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// document is what one request asks for: an invoice, or its part of one kind.
type document struct {
	kind    string
	invoice *retail.Invoice
	lines   []orderapi.Line
	// total is the sum of quantity × price with the signs of the file.
	total money.Amount
}

// documents splits an invoice: what a cancellation takes back is a return; of other
// invoices what is sold is an order, and what is written off an adjustment.
func documents(invoice *retail.Invoice) []document {
	var list []document
	for _, l := range invoice.Lines {
		kind, quantity := orderapi.KindOrder, l.Quantity
		switch {
		case invoice.Cancels():
			kind, quantity = orderapi.KindReturn, -l.Quantity
		case l.Quantity < 0:
			kind = orderapi.KindAdjustment
		}
		at := 0
		for at < len(list) && list[at].kind != kind {
			at++
		}
		if at == len(list) {
			list = append(list, document{kind: kind, invoice: invoice, lines: make([]orderapi.Line, 0, len(invoice.Lines))})
		}
		d := &list[at]
		d.lines = append(d.lines, orderapi.Line{Code: l.Code, Quantity: quantity, UnitPrice: int64(l.Price)})
		d.total += l.Price * money.Amount(l.Quantity) // the inspection has seen that it fits
	}
	return list
}

// name is the document's own: invoices have at most one document of each kind.
func (d *document) name() string { return name(d.kind, d.invoice.Number) }

func name(kind, reference string) string { return kind + "-" + reference }

// post sends the document once and waits for it to be settled.
func (d *document) post(ctx context.Context, c *shop.Clients, wait time.Duration) (orderapi.Summary, error) {
	i, date := d.invoice, d.invoice.Date.Format(time.RFC3339)
	switch d.kind {
	case orderapi.KindReturn:
		return c.Order.LodgeReturn(ctx, d.name(), wait, orderapi.LodgeReturn{Reference: i.Number, Customer: i.Customer,
			Country: i.Country, Currency: orderapi.Currency, Date: date, Lines: d.lines})
	case orderapi.KindAdjustment:
		return c.Order.Adjust(ctx, d.name(), wait, orderapi.Adjust{Reference: i.Number, Currency: orderapi.Currency, Date: date, Lines: d.lines})
	}
	return c.Order.PlaceOrder(ctx, d.name(), wait, orderapi.PlaceOrder{Reference: i.Number, Customer: i.Customer,
		Country: i.Country, Currency: orderapi.Currency, Date: date, Lines: d.lines})
}

// books are what the file says has to be there, added up while it is read.
type books struct {
	// documents holds the total of each document by its name.
	documents map[string]money.Amount
	// kinds adds up the documents of each kind.
	kinds map[string]*sums
	// refused counts the lines of orders with a price below zero.
	refused sums
}

// sums count documents and their lines, and add up their totals.
type sums struct {
	documents, lines int64
	total            money.Amount
}

func (s *sums) add(d *document) {
	s.documents++
	s.lines += int64(len(d.lines))
	s.total += d.total
}

func newBooks() *books {
	return &books{documents: map[string]money.Amount{}, kinds: map[string]*sums{
		orderapi.KindOrder: {}, orderapi.KindReturn: {}, orderapi.KindAdjustment: {},
	}}
}

func (b *books) enter(d *document) {
	b.documents[d.name()] = d.total
	b.kinds[d.kind].add(d)
	for _, l := range d.lines {
		if d.kind == orderapi.KindOrder && l.UnitPrice < 0 {
			b.refused.add(d)
			break
		}
	}
}
