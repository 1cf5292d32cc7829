package bank

import (
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// one runs a statement that must change exactly one row. Another number has the code
// [bailiwick.Conflict].
func one(tx *store.Tx, what, query string, args ...any) error {
	n, err := exec(tx, what, query, args...)
	if err == nil && n != 1 {
		err = &bailiwick.Error{Code: bailiwick.Conflict, Op: "bank: " + what, Err: fmt.Errorf("%w: %d rows", errChanged, n)}
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func exec(tx *store.Tx, what, query string, args ...any) (rows int64, err error) {
	result, err := tx.SQL().Exec(query, args...)
	if err == nil {
		rows, err = result.RowsAffected()
	}
	if err != nil {
		return 0, fmt.Errorf("bank: %s: %w", what, err)
	}
	return rows, nil
}

var errChanged = errors.New("it is not there as it was expected")

// rows reads all rows of a query, each into the fields of a T.
func rows[T any](tx *store.Tx, fields func(*T) []any, query string) ([]T, error) {
	result, err := tx.SQL().Query(query)
	if err != nil {
		return nil, fmt.Errorf("bank: read the state: %w", err)
	}
	defer result.Close()
	var list []T
	for result.Next() {
		var one T
		if err := result.Scan(fields(&one)...); err != nil {
			return nil, fmt.Errorf("bank: read the state: %w", err)
		}
		list = append(list, one)
	}
	return list, result.Err()
}
