package order

import (
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// placement is what the place-order saga remembers of its order. The lines stay in
// their table: the state is written at every step.
type placement struct {
	Document string `json:"document"`
	Customer string `json:"customer,omitempty"`
	Country  string `json:"country"`
	Currency string `json:"currency"`
	Amount   int64  `json:"amount"`
	Units    int64  `json:"units"`
	Goods    bool   `json:"goods"`

	// fresh is the order itself while the request that brings it is at work.
	fresh *Document
}

func newPlacement(d *Document) *placement {
	return &placement{Document: d.ID, Customer: d.Customer, Country: d.Country, Currency: d.Currency,
		Amount: d.Total, Units: d.Units(), Goods: d.Goods, fresh: d}
}

// placeOrder is the saga of an order. Until it is confirmed any refusal takes
// everything back, last step first; from then on it goes on until it is done.
func (o *office) placeOrder() saga.Definition[placement] {
	goods := func(p *placement) bool { return p.Goods }
	return saga.Definition[placement]{Name: "place-order", Steps: []saga.Step[placement]{{
		Name:  "create",
		Local: func(tx *store.Tx, p *placement) error { return insert(tx, p.fresh) },
		LocalUndo: func(tx *store.Tx, p *placement, why saga.Rejection) error {
			if err := o.settle(tx, p.Document, orderapi.StatusRejected, why.Reason); err != nil {
				return err
			}
			return publishRejected(tx, orderapi.Rejected{Document: p.Document, Customer: p.Customer, Reason: why.Reason})
		},
	}, {
		Name: "reserve", When: goods,
		Command: inventoryapi.Reserve, Undo: inventoryapi.Release,
		Request: func(tx *store.Tx, p *placement) (any, error) { return p.reservation(tx) },
	}, {
		Name:    "authorise",
		Command: paymentapi.Authorise, Undo: paymentapi.Void,
		Request: func(_ *store.Tx, p *placement) (any, error) {
			return paymentapi.Authorisation{Document: p.Document, Customer: p.Customer, Amount: p.Amount, Currency: p.Currency}, nil
		},
	}, {
		Name: "confirm", Pivot: true,
		Local: func(tx *store.Tx, p *placement) error {
			if err := o.settle(tx, p.Document, orderapi.StatusConfirmed, ""); err != nil {
				return err
			}
			return publishConfirmed(tx, p.Customer, orderapi.Confirmed{Document: p.Document, Goods: p.Goods})
		},
	}, {
		Name:    "capture",
		Command: paymentapi.Capture,
		Request: func(_ *store.Tx, p *placement) (any, error) { return paymentapi.Collection{Document: p.Document}, nil },
	}, {
		Name: "deliver", When: goods,
		Command: deliveryapi.Schedule,
		Request: func(_ *store.Tx, p *placement) (any, error) {
			return deliveryapi.Consignment{Document: p.Document, Customer: p.Customer, Country: p.Country, Items: p.Units}, nil
		},
	}, {
		Name:    "notify",
		Command: notificationapi.Send,
		Request: func(_ *store.Tx, p *placement) (any, error) {
			return notificationapi.Notification{Document: p.Document, Customer: p.Customer, Kind: notificationapi.Confirmation}, nil
		},
	}}}
}

// reservation asks for all goods of the order.
func (p *placement) reservation(tx *store.Tx) (inventoryapi.Order, error) {
	return stockOf(tx, p.fresh, p.Document, func(l *Line) int64 { return l.Quantity })
}

// stockOf makes a request to the inventory of those goods of a document of which
// quantity is not zero. The document is fresh, or nil to read its lines.
func stockOf(tx *store.Tx, fresh *Document, id string, quantity func(*Line) int64) (inventoryapi.Order, error) {
	var of []Line
	if fresh != nil {
		of = fresh.Lines
	} else {
		var err error
		if of, err = lines(tx, id); err != nil {
			return inventoryapi.Order{}, err
		}
	}
	asked := make([]inventoryapi.Line, 0, len(of))
	for i := range of {
		if n := quantity(&of[i]); of[i].Kind == catalogapi.Goods && n != 0 {
			asked = append(asked, inventoryapi.Line{Code: of[i].Code, Quantity: n})
		}
	}
	return inventoryapi.Order{Document: id, Lines: asked}, nil
}
