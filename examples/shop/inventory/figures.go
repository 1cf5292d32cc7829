package inventory

import (
	"context"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

// figuresOf adds up movements by code. What a sale is worth is said by its
// reservation: reserved, sold, or nothing once it was released. SQL texts are
// constant, so the three questions asked of it are three texts.
const figuresOf = `
	SELECT m.code,
		SUM(CASE WHEN m.kind = 'opening' THEN m.quantity ELSE 0 END) AS opening,
		SUM(CASE WHEN r.state = 'sold' THEN m.quantity ELSE 0 END) AS sold,
		SUM(CASE WHEN r.state = 'reserved' THEN m.quantity ELSE 0 END) AS reserved,
		SUM(CASE WHEN m.kind = 'return' THEN m.quantity ELSE 0 END) AS returned,
		SUM(CASE WHEN m.kind = 'adjustment' THEN m.quantity ELSE 0 END) AS adjusted
	FROM movement m LEFT JOIN reservation r ON m.kind = 'sale' AND r.document = m.document`

const figuresColumns = `s.code, s.available, COALESCE(f.opening, 0), COALESCE(f.sold, 0), COALESCE(f.reserved, 0), COALESCE(f.returned, 0), COALESCE(f.adjusted, 0)`

const (
	stockOfOne = `SELECT ` + figuresColumns + ` FROM stock s LEFT JOIN (` +
		figuresOf + ` WHERE m.code = ? GROUP BY m.code) f ON f.code = s.code WHERE s.code = ?`
	stockOfPage = `SELECT ` + figuresColumns + ` FROM stock s LEFT JOIN (` +
		figuresOf + ` WHERE m.code > ? GROUP BY m.code) f ON f.code = s.code WHERE s.code > ? ORDER BY s.code LIMIT ?`
	stockOfAll = `
	SELECT COUNT(*), COALESCE(SUM(available), 0), COALESCE(SUM(opening), 0), COALESCE(SUM(sold), 0), COALESCE(SUM(reserved), 0),
		COALESCE(SUM(returned), 0), COALESCE(SUM(adjusted), 0),
		COALESCE(SUM(CASE WHEN available <> opening - sold - reserved + returned + adjusted THEN 1 ELSE 0 END), 0)
	FROM (SELECT s.code, s.available, COALESCE(f.opening, 0) AS opening, COALESCE(f.sold, 0) AS sold, COALESCE(f.reserved, 0) AS reserved,
			COALESCE(f.returned, 0) AS returned, COALESCE(f.adjusted, 0) AS adjusted
		FROM stock s LEFT JOIN (` + figuresOf + ` GROUP BY m.code) f ON f.code = s.code) stocks`
)

// figures reads the service's tables, each time at one moment.
type figures struct{ db *store.DB }

// stock returns the stock of one product.
func (f figures) stock(ctx context.Context, code string) (inventoryapi.Stock, error) {
	list, err := f.list(ctx, stockOfOne, code, code)
	if err != nil {
		return inventoryapi.Stock{}, err
	}
	if len(list) == 0 {
		return inventoryapi.Stock{}, &bailiwick.Error{Code: bailiwick.NotFound, Op: "inventory: read stock", Err: fmt.Errorf("%s has no stock", code)}
	}
	return list[0], nil
}

// page returns a page of stock.
func (f figures) page(ctx context.Context, page web.Page) (inventoryapi.Page, error) {
	list, err := f.list(ctx, stockOfPage, page.After, page.After, page.Limit)
	return inventoryapi.Page{Stock: list}, err
}

func (f figures) list(ctx context.Context, query string, args ...any) ([]inventoryapi.Stock, error) {
	list := []inventoryapi.Stock{} // an empty page is [], not null
	err := f.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.SQL().Query(query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s inventoryapi.Stock
			if err := rows.Scan(&s.Code, &s.Available, &s.Opening, &s.Sold, &s.Reserved, &s.Returned, &s.Adjusted); err != nil {
				return err
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("inventory: list stock: %w", err)
	}
	return list, nil
}

// report returns the figures of all products.
func (f figures) report(ctx context.Context) (inventoryapi.Report, error) {
	var r inventoryapi.Report
	err := f.db.Read(ctx, func(tx *store.Tx) error {
		r.At = tx.Now().UTC()
		err := tx.SQL().QueryRow(stockOfAll).Scan(&r.Codes, &r.Available, &r.Opening, &r.Sold, &r.Reserved, &r.Returned, &r.Adjusted, &r.Unbalanced)
		if err != nil {
			return err
		}
		return tx.SQL().QueryRow(`
			SELECT COUNT(CASE WHEN state = 'reserved' THEN 1 END), COUNT(CASE WHEN state = 'sold' THEN 1 END), COUNT(CASE WHEN state = 'released' THEN 1 END)
			FROM reservation`).Scan(&r.Reservations.Reserved, &r.Reservations.Sold, &r.Reservations.Released)
	})
	if err != nil {
		return r, fmt.Errorf("inventory: add up figures: %w", err)
	}
	return r, nil
}
