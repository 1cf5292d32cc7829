package delivery

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

// add records a delivery. An order has one; a second is an error.
func add(tx *store.Tx, d deliveryapi.Delivery) error {
	customer := sql.NullString{String: d.Customer, Valid: d.Customer != ""}
	_, err := tx.SQL().Exec(`INSERT INTO delivery (document, customer, country, items, state, at) VALUES (?, ?, ?, ?, ?, ?)`,
		d.Document, customer, d.Country, d.Items, d.State, d.At.UnixMilli())
	if err != nil {
		return fmt.Errorf("delivery: record delivery of %s: %w", d.Document, err)
	}
	return nil
}

// plans reads the service's table.
type plans struct{ db *store.DB }

const columns = `SELECT document, COALESCE(customer, ''), country, items, state, at FROM delivery`

// delivery returns the delivery of one order.
func (p plans) delivery(ctx context.Context, document string) (deliveryapi.Delivery, error) {
	list, err := p.list(ctx, columns+` WHERE document = ?`, document)
	if err != nil {
		return deliveryapi.Delivery{}, err
	}
	if len(list) == 0 {
		return deliveryapi.Delivery{}, &bailiwick.Error{Code: bailiwick.NotFound, Op: "delivery: read", Err: fmt.Errorf("order %s has no delivery", document)}
	}
	return list[0], nil
}

// page returns a page of deliveries.
func (p plans) page(ctx context.Context, page web.Page) (deliveryapi.Page, error) {
	list, err := p.list(ctx, columns+` WHERE document > ? ORDER BY document LIMIT ?`, page.After, page.Limit)
	return deliveryapi.Page{Deliveries: list}, err
}

func (p plans) list(ctx context.Context, query string, args ...any) ([]deliveryapi.Delivery, error) {
	list := []deliveryapi.Delivery{} // an empty page is [], not null
	err := p.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.SQL().Query(query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d deliveryapi.Delivery
			var at int64
			if err := rows.Scan(&d.Document, &d.Customer, &d.Country, &d.Items, &d.State, &at); err != nil {
				return err
			}
			d.At = time.UnixMilli(at).UTC()
			list = append(list, d)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("delivery: list deliveries: %w", err)
	}
	return list, nil
}

// report adds up by country; the totals are the sums of that.
func (p plans) report(ctx context.Context) (deliveryapi.Report, error) {
	r := deliveryapi.Report{Countries: []deliveryapi.Country{}}
	err := p.db.Read(ctx, func(tx *store.Tx) error {
		r.At = tx.Now().UTC()
		rows, err := tx.SQL().Query(`SELECT country, COUNT(*), SUM(items) FROM delivery GROUP BY country ORDER BY country`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var c deliveryapi.Country
			if err := rows.Scan(&c.Country, &c.Deliveries, &c.Items); err != nil {
				return err
			}
			r.Countries = append(r.Countries, c)
			r.Deliveries += c.Deliveries
			r.Items += c.Items
		}
		return rows.Err()
	})
	if err != nil {
		return r, fmt.Errorf("delivery: add up deliveries: %w", err)
	}
	return r, nil
}
