package replay

import (
	"context"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

// reconciliation compares what the services say, each from its own tables, with the
// file and with each other. It asks their public APIs alone.
type reconciliation struct {
	clients *shop.Clients
	in      *retail.Inspection
	books   *books
	opening map[string]int64
	report  *Report

	orders    orderapi.Report
	documents map[string]*standing
}

// standing is a document as the order service has it, and what the others have of
// it.
type standing struct {
	orderapi.Summary
	payments, deliveries                   int
	confirmations, acceptances, rejections int
}

func (r *reconciliation) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{
		r.lines, r.files, r.payments, r.deliveries, r.notices, r.stock, r.motion,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	r.report.sum()
	return nil
}

// lines: every line of the file is there with its outcome, and the amounts add up.
func (r *reconciliation) lines(ctx context.Context) (err error) {
	if r.orders, err = r.clients.Order.Report(ctx); err != nil {
		return failed("replay: ask for the orders' figures", err)
	}
	report := r.report
	report.Lines, report.Documents = r.orders.Lines, r.orders.Documents
	report.same("order: lines", int64(r.in.Lines), r.orders.TotalLines)
	report.amount("order: amount of all lines", r.in.Total, money.Amount(r.orders.TotalAmount))

	var lines int64
	var amount money.Amount
	by := map[string]sums{}
	for _, l := range r.orders.Lines {
		lines += l.Lines
		amount += money.Amount(l.Amount)
		for _, name := range []string{l.Outcome, l.Outcome + "/" + l.Reason} {
			s := by[name]
			s.lines += l.Lines
			s.total += money.Amount(l.Amount)
			by[name] = s
		}
	}
	report.same("order: lines by outcome", int64(r.in.Lines), lines)
	report.amount("order: amount by outcome", r.in.Total, amount)
	report.same("order: lines without an outcome", 0, by[orderapi.OutcomePending].lines)
	negative := by[orderapi.OutcomeRejected+"/"+orderapi.ReasonNegativePrice]
	report.same("order: lines refused for a negative price", r.books.refused.lines, negative.lines)
	report.amount("order: amount refused for a negative price", r.books.refused.total, negative.total)
	return nil
}

// files: every document of the file is there exactly once, with its total, decided.
func (r *reconciliation) files(ctx context.Context) error {
	r.documents = make(map[string]*standing, len(r.books.documents))
	missing := make(map[string]money.Amount, len(r.books.documents))
	for name, total := range r.books.documents {
		missing[name] = total
	}
	var foreign, other, pending faults
	kinds := map[string]sums{}
	var confirmed, refunds money.Amount
	err := pages(ctx, r.clients.Order.Documents, func(p orderapi.Page) []orderapi.Summary { return p.Documents }, func(s orderapi.Summary) string {
		r.documents[s.ID] = &standing{Summary: s}
		total, ok := missing[name(s.Kind, s.Reference)]
		delete(missing, name(s.Kind, s.Reference))
		switch {
		case !ok:
			foreign.add("%s: %s %s is not in the file, or twice in the shop", s.ID, s.Kind, s.Reference)
		case int64(total) != s.Total:
			other.add("%s: %s %s totals %s, in the file %s", s.ID, s.Kind, s.Reference, money.Amount(s.Total), total)
		}
		if !s.Settled() {
			pending.add("%s: %s %s", s.ID, s.Kind, s.Reference)
		}
		k := kinds[s.Kind]
		k.documents++
		k.total += money.Amount(s.Total)
		kinds[s.Kind] = k
		switch s.Status {
		case orderapi.StatusConfirmed:
			confirmed += money.Amount(s.Total)
		case orderapi.StatusAccepted:
			refunds += money.Amount(s.Refund)
		}
		return s.ID
	})
	if err != nil {
		return failed("replay: list the documents", err)
	}
	lost := faults{}
	for name := range missing {
		lost.add("%s", name)
	}
	for _, kind := range []string{orderapi.KindOrder, orderapi.KindReturn, orderapi.KindAdjustment} {
		want := r.books.kinds[kind]
		r.report.same("order: documents of kind "+kind, want.documents, kinds[kind].documents)
		r.report.amount("order: total of kind "+kind, want.total, kinds[kind].total)
	}
	r.report.none("order: documents missing", &lost)
	r.report.none("order: documents not in the file", &foreign)
	r.report.none("order: documents with another total", &other)
	r.report.none("order: documents undecided", &pending)
	r.report.amount("order: confirmed, by lines and by documents", confirmed, money.Amount(r.orders.ConfirmedTotal))
	r.report.amount("order: refunded, by lines and by documents", refunds, money.Amount(r.orders.AcceptedRefund))
	return nil
}

// motion: nothing is on its way any more, and nothing waits for a person.
func (r *reconciliation) motion(ctx context.Context) error {
	list, err := r.clients.Status(ctx)
	if err != nil {
		return failed("replay: ask for the shop's status", err)
	}
	m := motionOf(list)
	r.report.same("all: services", int64(len(shop.Names())), int64(len(list)))
	r.report.same("all: messages undelivered", 0, m.undelivered)
	r.report.same("all: messages waiting for another attempt", 0, m.retrying)
	r.report.same("all: messages parked", 0, m.parked)
	r.report.same("all: sagas in flight", 0, m.flying)
	r.report.same("all: sagas parked", 0, m.stuck)
	return nil
}
