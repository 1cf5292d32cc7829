package catalog

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

// products is the table of products.
type products struct{ db *store.DB }

// put lists or changes one product and tells the others, unless nothing changes.
func (p *products) put(ctx context.Context, product catalogapi.Product) error {
	return p.db.Do(ctx, func(tx *store.Tx) error {
		_, err := write(tx, product)
		return err
	})
}

// importAll lists products together, all or none.
func (p *products) importAll(ctx context.Context, key string, in catalogapi.Import) (catalogapi.Imported, error) {
	reply, _, err := web.Once(ctx, p.db, "import", key, in, func(tx *store.Tx) (catalogapi.Imported, error) {
		out := catalogapi.Imported{Products: len(in.Products)}
		for _, product := range in.Products {
			changed, err := write(tx, product)
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

func write(tx *store.Tx, product catalogapi.Product) (changed bool, err error) {
	before, err := find(tx, product.Code)
	switch {
	case err == nil:
		if changed, err := change(before, product); err != nil || !changed {
			return false, err
		}
	case bailiwick.CodeOf(err) != bailiwick.NotFound:
		return false, err
	}
	_, err = tx.SQL().Exec(`INSERT INTO product (code, description, kind, price, currency) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (code) DO UPDATE SET description = excluded.description, price = excluded.price, currency = excluded.currency`,
		product.Code, product.Description, product.Kind, product.Price, product.Currency)
	if err != nil {
		return false, err
	}
	return true, outbox.Publish(tx, catalogapi.ProductListed, catalogapi.Version, product.Code, catalogapi.Listed(product))
}

// get returns one product, or [bailiwick.NotFound].
func (p *products) get(ctx context.Context, code string) (product catalogapi.Product, err error) {
	err = p.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		product, err = find(tx, code)
		return err
	})
	return product, err
}

func find(tx *store.Tx, code string) (catalogapi.Product, error) {
	p := catalogapi.Product{Code: code}
	err := tx.SQL().QueryRow(`SELECT description, kind, price, currency FROM product WHERE code = ?`, code).
		Scan(&p.Description, &p.Kind, &p.Price, &p.Currency)
	if errors.Is(err, sql.ErrNoRows) {
		return p, &bailiwick.Error{Code: bailiwick.NotFound, Op: "catalog: find product " + code, Do: "list the product first"}
	}
	return p, err
}

// page returns products in the order of their codes.
func (p *products) page(ctx context.Context, page web.Page) (out catalogapi.Page, err error) {
	err = p.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := tx.SQL().Query(`SELECT code, description, kind, price, currency FROM product WHERE code > ? ORDER BY code LIMIT ?`,
			page.After, page.Limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		out.Products = []catalogapi.Product{}
		for rows.Next() {
			var one catalogapi.Product
			if err := rows.Scan(&one.Code, &one.Description, &one.Kind, &one.Price, &one.Currency); err != nil {
				return err
			}
			out.Products = append(out.Products, one)
		}
		return rows.Err()
	})
	return out, err
}

// report returns the service's figures.
func (p *products) report(ctx context.Context) (r catalogapi.Report, err error) {
	err = p.db.Read(ctx, func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT COUNT(CASE WHEN kind = 'goods' THEN 1 END), COUNT(CASE WHEN kind = 'fee' THEN 1 END) FROM product`).
			Scan(&r.Goods, &r.Fees)
	})
	return r, err
}
