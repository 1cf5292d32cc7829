// Package delivery is the service that plans how goods come to customers. It
// follows the order service, which commands a delivery when an order is confirmed.
//
// delivery.go holds the rules, tables.go the SQL, messages.go what is done on the
// order service's command, http.go the API.
package delivery

import (
	"embed"

	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Name is the service's name, and the owner of its database.
const Name = "delivery"

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
			"order": {deliveryapi.Schedule: saga.Action(schedule)},
		},
	}, nil
}
