// Package shop puts the seven services of the example together: user, catalog,
// inventory, order, payment, delivery and notification. Each owns a database; they
// talk by messages and APIs alone, so that they can run in one process or in seven.
//
// The rules of the shop (guests, fees, adjustments, zero and negative prices,
// returns) stand in docs/shop-rules.md.
package shop

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog"
	"github.com/bailiwick/bailiwick/examples/shop/delivery"
	"github.com/bailiwick/bailiwick/examples/shop/inventory"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/order"
	"github.com/bailiwick/bailiwick/examples/shop/payment"
	"github.com/bailiwick/bailiwick/examples/shop/user"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Opener opens the database that the named service owns, creating and migrating it
// as needed. It decides on the engine and the place.
type Opener func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error)

// part is how one service is made, and who follows its log. The log waits for all of
// them from its first message, whichever process starts first.
type part struct {
	name       string
	migrations func() ([]store.Migration, error)
	make       func(*store.DB) (*service.Service, error)
	followers  []string
}

var parts = [...]part{
	{user.Name, user.Migrations, user.New, []string{order.Name, payment.Name}},
	{catalog.Name, catalog.Migrations, catalog.New, []string{inventory.Name, order.Name}},
	{inventory.Name, inventory.Migrations, inventory.New, []string{order.Name}},
	{order.Name, order.Migrations, order.New, []string{delivery.Name, inventory.Name, notification.Name, payment.Name}},
	{payment.Name, payment.Migrations, payment.New, []string{order.Name}},
	{delivery.Name, delivery.Migrations, delivery.New, []string{order.Name}},
	{notification.Name, notification.Migrations, notification.New, []string{order.Name}},
}

// Names returns the names of the services, each also that of its database's owner.
func Names() []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.name
	}
	return names
}

// Producers returns the names of the services whose logs a service follows.
func Producers(name string) []string {
	var names []string
	for _, p := range parts {
		if slices.Contains(p.followers, name) {
			names = append(names, p.name)
		}
	}
	return names
}

// Migrations returns the schema of the named service. A name that [Names] does not
// hold has the code [bailiwick.NotFound].
func Migrations(name string) ([]store.Migration, error) {
	p, err := named(name)
	if err != nil {
		return nil, err
	}
	return p.migrations()
}

func named(name string) (part, error) {
	for _, p := range parts {
		if p.name == name {
			return p, nil
		}
	}
	return part{}, &bailiwick.Error{Code: bailiwick.NotFound, Op: "shop: find " + name,
		Err: errors.New("there is no such service"), Do: "name one of " + strings.Join(Names(), ", ")}
}

// Open opens the services with their databases, for service.NewGroup to run them.
// The caller ends with [Close]. If one fails, those that were opened are closed.
func Open(ctx context.Context, open Opener) ([]*service.Service, error) {
	var services []*service.Service
	for _, p := range parts {
		s, err := p.open(ctx, open)
		if err != nil {
			return nil, errors.Join(err, Close(services))
		}
		services = append(services, s)
	}
	return services, nil
}

// OpenOne opens one service alone, for a process of its own. The caller closes its
// database. A name that [Names] does not hold has the code [bailiwick.NotFound].
func OpenOne(ctx context.Context, name string, open Opener) (*service.Service, error) {
	p, err := named(name)
	if err != nil {
		return nil, err
	}
	return p.open(ctx, open)
}

func (p part) open(ctx context.Context, open Opener) (*service.Service, error) {
	migrations, err := p.migrations()
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, p.name, migrations)
	if err != nil {
		return nil, err
	}
	err = db.Log().Expect(ctx, p.followers...)
	var s *service.Service
	if err == nil {
		s, err = p.make(db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// Close closes the services' databases, last opened first.
func Close(services []*service.Service) error {
	var all error
	for i := len(services) - 1; i >= 0; i-- {
		all = errors.Join(all, services[i].DB.Close())
	}
	return all
}
