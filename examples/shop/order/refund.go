package order

import (
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// refunding is what the refund saga remembers of its return. What was matched stays
// in its table.
type refunding struct {
	Document string `json:"document"`
	Customer string `json:"customer"`
	Currency string `json:"currency"`
	// Goods says that goods come back, not only fees.
	Goods bool `json:"goods"`

	// fresh is the return itself while the request that brings it is at work.
	fresh *Document
}

// refund is the saga of a return of which something matched: the money decides. If
// it is refused, the sales are free to be returned again.
func (o *office) refund() saga.Definition[refunding] {
	return saga.Definition[refunding]{Name: "refund", Steps: []saga.Step[refunding]{{
		Name:  "create",
		Local: func(tx *store.Tx, r *refunding) error { return insert(tx, r.fresh) },
		LocalUndo: func(tx *store.Tx, r *refunding, why saga.Rejection) error {
			if err := free(tx, r.Document); err != nil {
				return err
			}
			return o.settle(tx, r.Document, orderapi.StatusRejected, why.Reason)
		},
	}, {
		Name: "refund", Pivot: true,
		Command: paymentapi.Refund,
		Request: func(tx *store.Tx, r *refunding) (any, error) { return r.repayment(tx) },
	}, {
		Name:  "accept",
		Local: func(tx *store.Tx, r *refunding) error { return o.settle(tx, r.Document, orderapi.StatusAccepted, "") },
	}, {
		Name: "restock", When: func(r *refunding) bool { return r.Goods },
		Command: inventoryapi.Restock,
		Request: func(tx *store.Tx, r *refunding) (any, error) {
			return stockOf(tx, r.fresh, r.Document, func(l *Line) int64 { return l.Matched })
		},
	}, {
		Name:    "notify",
		Command: notificationapi.Send,
		Request: func(_ *store.Tx, r *refunding) (any, error) {
			return notificationapi.Notification{Document: r.Document, Customer: r.Customer, Kind: notificationapi.ReturnAccepted}, nil
		},
	}}}
}

// repayment asks for what the matched units had cost, by the orders they were on.
func (r *refunding) repayment(tx *store.Tx) (paymentapi.Repayment, error) {
	matches, err := matchesOf(tx, r.Document)
	return paymentapi.Repayment{Document: r.Document, Customer: r.Customer, Currency: r.Currency, Parts: partsOf(matches)}, err
}

// partsOf adds up matches by order, orders in the order of their first match.
func partsOf(matches []Match) []paymentapi.Part {
	parts := make([]paymentapi.Part, 0, len(matches))
	place := make(map[string]int, len(matches))
	for _, m := range matches {
		i, ok := place[m.Document]
		if !ok {
			i = len(parts)
			place[m.Document] = i
			parts = append(parts, paymentapi.Part{Document: m.Document})
		}
		parts[i].Amount += m.Refund()
	}
	return parts
}
