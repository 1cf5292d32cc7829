package sqlite

import (
	"database/sql"
	"slices"

	"github.com/bailiwick/bailiwick/store/driver"
)

// tx is one transaction: a member of a group on the writer, or a reader's
// snapshot.
type tx struct {
	statements
	writer *writer // nil for a reader
	db     *DB
	taken  []taken
}

// exec, query and queryRow run this package's own statements.
func (t *tx) exec(query string, args ...any) (sql.Result, error) {
	if err := t.alive(); err != nil {
		return nil, err
	}
	return t.conn.exec(t.ctx, query, args...)
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	return t.QueryContext(t.ctx, query, args...)
}

func (t *tx) queryRow(query string, args ...any) *sql.Row {
	return t.conn.queryRow(t.ctx, query, args...)
}

// changed runs a statement and reports whether it changed a row.
func (t *tx) changed(query string, args ...any) (bool, error) {
	res, err := t.exec(query, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Lock does nothing: there is one writer, and it is here.
func (t *tx) Lock(string) error { return t.alive() }

// Savepoint runs fn and undoes it alone if it returns an error.
func (t *tx) Savepoint(fn func() error) error {
	const op = "sqlite: savepoint"
	if _, err := t.exec("SAVEPOINT inner"); err != nil {
		return failure(op, err)
	}
	taken := slices.Clone(t.taken)
	var mark int
	if t.writer != nil {
		mark = len(t.writer.appended)
	}
	err := fn()
	if err != nil {
		if _, e := t.exec("ROLLBACK TO inner"); e != nil {
			return err // the transaction is gone, and says so to whoever goes on
		}
		if t.writer != nil {
			t.writer.appended = t.writer.appended[:mark]
			t.taken = taken
		}
	}
	if _, e := t.exec("RELEASE inner"); e != nil && err == nil {
		return failure(op, e)
	}
	return err
}

// SQL runs statements on the service's own tables.
func (t *tx) SQL() driver.SQL { return &t.statements }
