package order

import (
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// adjusting is what the adjust saga remembers of its adjustment.
type adjusting struct {
	Document string `json:"document"`

	// fresh is the adjustment itself while the request that brings it is at work.
	fresh *Document
}

// adjust is the saga of a stock adjustment: the inventory decides.
func (o *office) adjust() saga.Definition[adjusting] {
	return saga.Definition[adjusting]{Name: "adjust", Steps: []saga.Step[adjusting]{{
		Name:  "create",
		Local: func(tx *store.Tx, a *adjusting) error { return insert(tx, a.fresh) },
		LocalUndo: func(tx *store.Tx, a *adjusting, why saga.Rejection) error {
			return o.settle(tx, a.Document, orderapi.StatusRejected, why.Reason)
		},
	}, {
		Name: "adjust", Pivot: true,
		Command: inventoryapi.Adjust,
		Request: func(tx *store.Tx, a *adjusting) (any, error) {
			return stockOf(tx, a.fresh, a.Document, func(l *Line) int64 { return l.Quantity })
		},
	}, {
		Name:  "accept",
		Local: func(tx *store.Tx, a *adjusting) error { return o.settle(tx, a.Document, orderapi.StatusAccepted, "") },
	}}}
}
