// Package inventory is the service that knows what is in stock. It follows the
// catalog, to know which goods there are, and the order service, for which it sets
// goods aside, sells them, takes them back and corrects its count.
//
// stock.go and reservation.go hold the rules, tables.go and figures.go the SQL,
// messages.go what is done on the order service's commands and events, http.go the
// API.
package inventory

import (
	"embed"

	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Name is the service's name, and the owner of its database.
const Name = "inventory"

//go:embed schema/*.sql
var schema embed.FS

// Migrations returns the service's schema.
func Migrations() ([]store.Migration, error) { return store.Migrations(schema, "schema") }

// New makes the service on its database, which was opened with [Migrations].
func New(db *store.DB) (*service.Service, error) {
	return &service.Service{
		Name: Name,
		DB:   db,
		API:  newAPI(db),
		Follows: map[string]follow.Handlers{
			"catalog": {
				catalogapi.ProductListed: inbox.Handle(catalogapi.Version, listed),
			},
			"order": {
				inventoryapi.Reserve:    saga.Action(reserve),
				inventoryapi.Release:    saga.Compensation(release),
				inventoryapi.Adjust:     saga.Action(adjust),
				inventoryapi.Restock:    saga.Action(restock),
				orderapi.OrderConfirmed: inbox.Handle(orderapi.Version, confirmed),
			},
		},
	}, nil
}
