// Package notification is the service that tells customers what became of their
// orders and returns. It follows the order service: confirmations and accepted
// returns are told at its command, rejections because it says in an event that
// there was one.
//
// notice.go holds the rules, tables.go the SQL, messages.go what is done on the
// order service's messages, http.go the API.
package notification

import (
	"embed"

	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Name is the service's name, and the owner of its database.
const Name = "notification"

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
			"order": {
				notificationapi.Send:   saga.Action(send),
				orderapi.OrderRejected: inbox.Handle(orderapi.Version, rejected),
			},
		},
	}, nil
}
