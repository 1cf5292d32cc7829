package delivery

import (
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// schedule plans the delivery of an order.
func schedule(tx *store.Tx, _ saga.Command, c deliveryapi.Consignment) (struct{}, error) {
	d, err := plan(c, tx.Now())
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, add(tx, d)
}
