package order

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/bailiwick/bailiwick/store"
)

// known answers which products and customers there are, from what their services'
// logs said. Answers are kept in memory: a product's kind never changes, and a
// customer is never unregistered, so they stay true. What is not known is asked of
// the database each time, because it may become known any moment.
type known struct {
	db *store.DB

	mu        sync.RWMutex
	kinds     map[string]string   // by product code
	customers map[string]struct{} // by id
}

func newKnown(db *store.DB) *known {
	return &known{db: db, kinds: map[string]string{}, customers: map[string]struct{}{}}
}

// kind returns whether a product is goods or a fee; "" if there is none.
func (k *known) kind(ctx context.Context, code string) (string, error) {
	k.mu.RLock()
	kind, ok := k.kinds[code]
	k.mu.RUnlock()
	if ok {
		return kind, nil
	}
	kind, err := k.look(ctx, `SELECT kind FROM product WHERE code = ?`, code)
	if err == nil && kind != "" {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.kinds[code] = kind
	}
	return kind, err
}

// customer says whether a customer is registered.
func (k *known) customer(ctx context.Context, id string) (bool, error) {
	k.mu.RLock()
	_, ok := k.customers[id]
	k.mu.RUnlock()
	if ok {
		return true, nil
	}
	found, err := k.look(ctx, `SELECT id FROM customer WHERE id = ?`, id)
	if err == nil && found != "" {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.customers[id] = struct{}{}
	}
	return found != "", err
}

// look reads one text by its key; "" if there is none.
func (k *known) look(ctx context.Context, query, key string) (text string, err error) {
	err = k.db.Read(ctx, func(tx *store.Tx) error {
		text = ""
		err := tx.SQL().QueryRow(query, key).Scan(&text)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		return failed("look up "+key, err)
	})
	return text, err
}
