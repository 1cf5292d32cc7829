package store

import (
	"context"
	"database/sql"

	"github.com/bailiwick/bailiwick/store/driver"
)

// SQL runs statements on a service's own tables inside a transaction. Placeholders
// are written as ? on every engine. It has the method set that sqlc generates
// against. Statements are prepared once and kept, so texts must be constant:
// values go into arguments, never into the text.
//
// The context given to a statement carries no cancellation into a read-write
// transaction: a write that is cancelled half-way would take the whole
// transaction with it, and on SQLite everybody else's as well.
type SQL struct {
	drv   driver.SQL
	ctx   context.Context
	watch *watcher
}

// Exec runs a statement that returns no rows.
func (s *SQL) Exec(query string, args ...any) (sql.Result, error) {
	return s.ExecContext(s.ctx, query, args...)
}

// Query runs a statement that returns rows. The caller closes them before it runs
// the next statement.
func (s *SQL) Query(query string, args ...any) (*sql.Rows, error) {
	return s.QueryContext(s.ctx, query, args...)
}

// QueryRow runs a statement that returns one row.
func (s *SQL) QueryRow(query string, args ...any) *sql.Row {
	return s.QueryRowContext(s.ctx, query, args...)
}

// ExecContext is Exec with a context for its values.
func (s *SQL) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	begun := s.watch.begin()
	res, err := s.drv.ExecContext(ctx, query, args...)
	s.watch.end(query, begun, err)
	return res, err
}

// QueryContext is Query with a context for its values.
func (s *SQL) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	begun := s.watch.begin()
	rows, err := s.drv.QueryContext(ctx, query, args...)
	s.watch.end(query, begun, err)
	return rows, err
}

// QueryRowContext is QueryRow with a context for its values.
func (s *SQL) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	begun := s.watch.begin()
	row := s.drv.QueryRowContext(ctx, query, args...)
	s.watch.end(query, begun, row.Err())
	return row
}

// PrepareContext prepares a statement for this transaction alone.
func (s *SQL) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return s.drv.PrepareContext(ctx, query)
}
