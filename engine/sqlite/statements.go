package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/bailiwick/bailiwick"
)

// statements run what a closure asks for on its connection.
type statements struct {
	conn *conn
	ctx  context.Context // of every statement; never cancelled on the writer
	gone *bool           // the transaction was lost; nil for a reader

	// What the closure may have left open. A statement that is prepared and kept
	// must not meet the next closure in the middle of its rows.
	rows []*sql.Rows
	row  []*sql.Row
	own  []*sql.Stmt
}

// sweepAt is from how many results on those that were closed are forgotten.
const sweepAt = 64

var errGone = errors.New("the transaction was rolled back by an earlier statement")

// alive refuses statements of a transaction that is gone: they would run outside
// of any.
func (s *statements) alive() error {
	if s.gone != nil && *s.gone {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "sqlite: statement", Err: errGone, Do: "return from the closure with the error of that statement"}
	}
	return nil
}

// context returns what a statement runs under: the reader's own context, so that
// it can be stopped, and on the writer one that nobody cancels.
func (s *statements) context(ctx context.Context) context.Context {
	if s.gone != nil {
		return s.ctx
	}
	return ctx
}

// ExecContext runs a statement without rows.
func (s *statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := s.alive(); err != nil {
		return nil, err
	}
	return s.conn.exec(s.context(ctx), query, args...)
}

// QueryContext runs a query.
func (s *statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := s.alive(); err != nil {
		return nil, err
	}
	rows, err := s.conn.query(s.context(ctx), query, args...)
	if err == nil {
		s.sweep()
		s.rows = append(s.rows, rows)
	}
	return rows, err
}

// QueryRowContext runs a query of one row.
func (s *statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	row := s.conn.queryRow(s.context(ctx), query, args...)
	if row.Err() == nil {
		if len(s.row) >= sweepAt {
			closeRows(s.row[:sweepAt/2])
			s.row = append(s.row[:0], s.row[sweepAt/2:]...)
		}
		s.row = append(s.row, row)
	}
	return row
}

// PrepareContext prepares a statement that ends with the transaction.
func (s *statements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	if err := s.alive(); err != nil {
		return nil, err
	}
	st, err := s.conn.sql.PrepareContext(s.context(ctx), query)
	if err == nil {
		s.own = append(s.own, st)
	}
	return st, err
}

// sweep forgets results that the closure has closed.
func (s *statements) sweep() {
	if len(s.rows) < sweepAt {
		return
	}
	open := s.rows[:0]
	for _, r := range s.rows {
		if _, err := r.Columns(); err == nil {
			open = append(open, r)
		}
	}
	clear(s.rows[len(open):])
	s.rows = open
}

// closeRows closes single rows that nobody scanned: Scan is their only way to be
// closed, and does nothing for those that were.
func closeRows(list []*sql.Row) {
	for _, r := range list {
		_ = r.Scan()
	}
}

// end closes what the closure left open.
func (s *statements) end() {
	for _, r := range s.rows {
		r.Close()
	}
	closeRows(s.row)
	for _, st := range s.own {
		st.Close()
	}
}
