package notification

import (
	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// send tells a customer what the order service asks for.
func send(tx *store.Tx, _ saga.Command, n notificationapi.Notification) (struct{}, error) {
	notice, err := commanded(n, tx.Now())
	if err != nil {
		return struct{}{}, err
	}
	return struct{}{}, add(tx, notice)
}

// rejected tells a customer that an order was refused.
func rejected(tx *store.Tx, _ *bailiwick.Message, r orderapi.Rejected) error {
	return add(tx, ofRejection(r, tx.Now()))
}
