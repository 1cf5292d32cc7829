package main

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bailiwick/bailiwick/outbox"
)

// Shop sells what is in stock. It has a *sql.DB, statements that sqlc generated and
// migrations for goose: a service as there are many. What it tells others goes
// through an outbox.
type Shop struct {
	pool    *sql.DB
	queries func(*sql.Tx) queries
	events  *outbox.Outbox
}

// queries are sqlc's, for either engine.
type queries interface {
	Receive(ctx context.Context, sku string, pieces int64) error
	Take(ctx context.Context, taken int64, sku string) (int64, error)
	AddSale(ctx context.Context, id string, sku string, pieces int64) error
}

// Sold tells others of a sale.
type Sold struct {
	ID     string `json:"id"`
	SKU    string `json:"sku"`
	Pieces int64  `json:"pieces"`
	Left   int64  `json:"left"`
}

// ErrSoldOut says that there are not as many pieces.
var ErrSoldOut = errors.New("sold out")

// Sell takes pieces from the stock, and tells others: both or neither.
func (s *Shop) Sell(ctx context.Context, sale Sold) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing

	q := s.queries(tx)
	sale.Left, err = q.Take(ctx, sale.Pieces, sale.SKU)
	if errors.Is(err, sql.ErrNoRows) {
		return ErrSoldOut
	}
	if err != nil {
		return err
	}
	if err := q.AddSale(ctx, sale.ID, sale.SKU, sale.Pieces); err != nil {
		return err
	}
	// Last, when the row in stock is locked: sales of one article are told in the
	// order in which they happened.
	if err := s.events.Publish(ctx, tx, "item.sold", 1, sale.SKU, sale); err != nil {
		return err
	}
	return tx.Commit()
}

// Receive puts pieces into the stock.
func (s *Shop) Receive(ctx context.Context, sku string, pieces int64) error {
	tx, err := s.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	if err := s.queries(tx).Receive(ctx, sku, pieces); err != nil {
		return err
	}
	return tx.Commit()
}
