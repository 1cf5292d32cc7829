package order

import (
	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

// learn are the handlers by which the service gets to know products and customers.
func learn() (catalog, users follow.Handlers) {
	catalog = follow.Handlers{catalogapi.ProductListed: inbox.Handle(catalogapi.Version, learnProduct)}
	users = follow.Handlers{userapi.UserRegistered: inbox.Handle(userapi.Version, learnCustomer)}
	return catalog, users
}

func learnProduct(tx *store.Tx, _ *bailiwick.Message, p catalogapi.Listed) error {
	_, err := tx.SQL().Exec(`INSERT INTO product (code, kind) VALUES (?, ?) ON CONFLICT (code) DO NOTHING`, p.Code, p.Kind)
	return failed("learn of a product", err)
}

func learnCustomer(tx *store.Tx, _ *bailiwick.Message, c userapi.Registered) error {
	_, err := tx.SQL().Exec(`INSERT INTO customer (id) VALUES (?) ON CONFLICT (id) DO NOTHING`, c.ID)
	return failed("learn of a customer", err)
}

// publishConfirmed tells the others that an order is decided for good.
func publishConfirmed(tx *store.Tx, customer string, c orderapi.Confirmed) error {
	return outbox.Publish(tx, orderapi.OrderConfirmed, orderapi.Version, accountKey(customer, c.Document), c)
}

// publishRejected tells the others that an order was refused.
func publishRejected(tx *store.Tx, r orderapi.Rejected) error {
	return outbox.Publish(tx, orderapi.OrderRejected, orderapi.Version, accountKey(r.Customer, r.Document), r)
}
