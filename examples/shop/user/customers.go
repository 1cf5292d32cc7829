package user

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

// customers is the table of customers.
type customers struct{ db *store.DB }

// put registers or changes one customer and tells the others, unless nothing
// changes.
func (c *customers) put(ctx context.Context, customer userapi.Customer) error {
	return c.db.Do(ctx, func(tx *store.Tx) error {
		_, err := write(tx, customer)
		return err
	})
}

// importAll registers customers together, all or none.
func (c *customers) importAll(ctx context.Context, key string, in userapi.Import) (userapi.Imported, error) {
	reply, _, err := web.Once(ctx, c.db, "import", key, in, func(tx *store.Tx) (userapi.Imported, error) {
		out := userapi.Imported{Customers: len(in.Customers)}
		for _, customer := range in.Customers {
			changed, err := write(tx, customer)
			if err != nil {
				return out, err
			}
			if changed {
				out.Changed++
			}
		}
		return out, nil
	})
	return reply, err
}

func write(tx *store.Tx, customer userapi.Customer) (changed bool, err error) {
	before, err := find(tx, customer.ID)
	if err == nil && same(before, customer) {
		return false, nil
	}
	if err != nil && bailiwick.CodeOf(err) != bailiwick.NotFound {
		return false, err
	}
	_, err = tx.SQL().Exec(`INSERT INTO customer (id, name, country, credit_limit, currency) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, country = excluded.country,
			credit_limit = excluded.credit_limit, currency = excluded.currency`,
		customer.ID, customer.Name, customer.Country, customer.CreditLimit, customer.Currency)
	if err != nil {
		return false, err
	}
	return true, outbox.Publish(tx, userapi.UserRegistered, userapi.Version, customer.ID, registered(customer))
}

// get returns one customer, or [bailiwick.NotFound].
func (c *customers) get(ctx context.Context, id string) (customer userapi.Customer, err error) {
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		customer, err = find(tx, id)
		return err
	})
	return customer, err
}

func find(tx *store.Tx, id string) (userapi.Customer, error) {
	c := userapi.Customer{ID: id}
	var limit sql.NullInt64
	err := tx.SQL().QueryRow(`SELECT name, country, credit_limit, currency FROM customer WHERE id = ?`, id).
		Scan(&c.Name, &c.Country, &limit, &c.Currency)
	if errors.Is(err, sql.ErrNoRows) {
		return c, &bailiwick.Error{Code: bailiwick.NotFound, Op: "user: find customer " + id, Do: "register the customer first"}
	}
	if limit.Valid {
		c.CreditLimit = &limit.Int64
	}
	return c, err
}

// report returns the service's figures.
func (c *customers) report(ctx context.Context) (r userapi.Report, err error) {
	err = c.db.Read(ctx, func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT COUNT(*), COUNT(credit_limit), COALESCE(SUM(credit_limit), 0) FROM customer`).
			Scan(&r.Customers, &r.Limited, &r.CreditLimits)
	})
	return r, err
}
