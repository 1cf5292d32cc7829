package shop

import (
	"context"
	"net/http"
	"strings"

	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/service/admin"
)

// Clients call the services of a shop.
type Clients struct {
	User         *userapi.Client
	Catalog      *catalogapi.Client
	Inventory    *inventoryapi.Client
	Order        *orderapi.Client
	Payment      *paymentapi.Client
	Delivery     *deliveryapi.Client
	Notification *notificationapi.Client

	all web.Client
}

// Connect returns the clients of the shop at an address: "http://127.0.0.1:8080".
// sender sends the requests; nil means http.DefaultClient.
func Connect(base string, sender *http.Client) *Clients {
	base = strings.TrimSuffix(base, "/")
	at := func(name string) web.Client { return web.Client{Base: base + "/" + name, HTTP: sender} }
	return &Clients{
		User:         &userapi.Client{Client: at("user")},
		Catalog:      &catalogapi.Client{Client: at("catalog")},
		Inventory:    &inventoryapi.Client{Client: at("inventory")},
		Order:        &orderapi.Client{Client: at("order")},
		Payment:      &paymentapi.Client{Client: at("payment")},
		Delivery:     &deliveryapi.Client{Client: at("delivery")},
		Notification: &notificationapi.Client{Client: at("notification")},
		all:          web.Client{Base: base, HTTP: sender},
	}
}

// InProcess returns the clients of a shop whose handler runs in this process; it is
// that of a service.Group.
func InProcess(handler http.Handler) *Clients {
	return Connect("http://shop", &http.Client{Transport: web.Transport{Handler: handler}})
}

// Status tells how each service is doing.
func (c *Clients) Status(ctx context.Context) ([]admin.Status, error) {
	var list []admin.Status
	err := c.all.Do(ctx, http.MethodGet, "/status", nil, nil, &list)
	return list, err
}
