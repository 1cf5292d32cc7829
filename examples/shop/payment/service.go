// Package payment is the service that knows what was paid and what is owed. It
// follows the user service, to know how much credit a customer has, and the order
// service, for which it authorises, captures, voids and refunds.
//
// account.go, payment.go and repayment.go hold the rules, tables.go and figures.go
// the SQL, messages.go what is done on the order service's commands, http.go the
// API.
package payment

import (
	"embed"

	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Name is the service's name, and the owner of its database.
const Name = "payment"

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
			"user": {
				userapi.UserRegistered: inbox.Handle(userapi.Version, registered),
			},
			"order": {
				paymentapi.Authorise: saga.Action(authorise),
				paymentapi.Void:      saga.Compensation(void),
				paymentapi.Capture:   saga.Action(capture),
				paymentapi.Refund:    saga.Action(refund),
			},
		},
	}, nil
}
