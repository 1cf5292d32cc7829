package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strconv"

	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/jackc/pgx/v5"
)

// tx is one transaction. It implements [driver.Tx].
type tx struct {
	db      *db
	sql     *sql.Tx
	ctx     context.Context
	cancels bool // statements see the caller's context: in Read

	xid      string    // the transaction's id, once known
	used     bool      // a statement ran, so there may be an id
	unsure   bool      // there may be one that could not be learnt
	rows     *sql.Rows // the service's last, which it may have forgotten to close
	appended bool
	depth    int   // of savepoints
	failed   error // the first failure that aborted it and was not undone by a savepoint
}

// exec, query and queryRow run statements of this package.
func (t *tx) exec(text string, args ...any) (int64, error) {
	t.used = true
	res, err := t.sql.ExecContext(t.ctx, t.db.q(text), args...)
	if err != nil {
		return 0, t.note(err)
	}
	return res.RowsAffected()
}

func (t *tx) query(text string, args ...any) (*sql.Rows, error) {
	t.used = true
	rows, err := t.sql.QueryContext(t.ctx, t.db.q(text), args...)
	return rows, t.note(err)
}

func (t *tx) queryRow(text string, args []any, into ...any) error {
	t.used = true
	err := t.sql.QueryRowContext(t.ctx, t.db.q(text), args...).Scan(into...)
	if err == sql.ErrNoRows {
		return err
	}
	return t.note(err)
}

// note remembers the failure that aborted the transaction.
func (t *tx) note(err error) error {
	if err != nil && t.failed == nil {
		t.failed = err
	}
	return err
}

// whyAborted returns why the transaction cannot commit, where err only says that
// it was aborted before.
func (t *tx) whyAborted(err error) error {
	if class(err) == "25" || errors.Is(err, pgx.ErrTxCommitRollback) {
		return errors.Join(pgx.ErrTxCommitRollback, t.failed)
	}
	return err
}

// learnXID finds out the transaction's id before COMMIT is sent, so that the
// outcome can be looked up if the answer is lost. Most transactions know it from
// the statement that appended their messages or moved their position.
func (t *tx) learnXID() error {
	t.closeRows()
	if t.xid != "" || !t.used {
		return nil
	}
	var xid *string
	err := t.sql.QueryRowContext(t.ctx, `SELECT pg_current_xact_id_if_assigned()::text`).Scan(&xid)
	switch {
	case err == nil && xid != nil:
		t.xid = *xid
	case err != nil && state(err) == "" && !unreachable(err):
		// A row that nobody scanned still occupies the connection; COMMIT will
		// clear it away.
		t.unsure = true
		return nil
	}
	return err
}

// closeRows frees the connection of rows that a closure did not read to their end.
func (t *tx) closeRows() {
	if t.rows != nil {
		t.rows.Close()
		t.rows = nil
	}
}

// Savepoint runs fn and undoes what it did if it returns an error.
func (t *tx) Savepoint(fn func() error) error {
	t.depth++
	defer func() { t.depth-- }()
	name := "s" + strconv.Itoa(t.depth)
	if _, err := t.exec("SAVEPOINT " + name); err != nil {
		return failure("postgres: savepoint", err)
	}
	failed := t.failed
	if err := fn(); err != nil {
		if _, undo := t.exec("ROLLBACK TO " + name); undo != nil {
			return failure("postgres: savepoint", undo)
		}
		t.failed = failed
		return err
	}
	if _, err := t.exec("RELEASE " + name); err != nil {
		return failure("postgres: savepoint", err)
	}
	return nil
}

// Lock takes an exclusive lock by name until the transaction ends.
func (t *tx) Lock(name string) error {
	_, err := t.exec(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, t.db.opts.Schema+"/"+name)
	return failure("postgres: lock "+name, err)
}

// SQL runs statements on the service's own tables.
func (t *tx) SQL() driver.SQL { return statements{t} }

// statements is a transaction as the service's statements see it: with ? as the
// placeholder, and without the cancellation of a context, unless it only reads.
type statements struct{ tx *tx }

func (s statements) context(ctx context.Context) context.Context {
	if s.tx.cancels {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// text rewrites placeholders. A text without arguments stays as it is, so that it
// may use the operator ? and hold several statements.
func (s statements) text(query string, args []any) string {
	s.tx.used = true
	if len(args) == 0 {
		return query
	}
	return s.tx.db.texts.get(query, numbered)
}

// ExecContext runs a statement, or several without arguments.
func (s statements) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	res, err := s.tx.sql.ExecContext(s.context(ctx), s.text(query, args), args...)
	return res, s.tx.note(err)
}

// PrepareContext prepares a statement for this transaction.
func (s statements) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	s.tx.used = true
	stmt, err := s.tx.sql.PrepareContext(s.context(ctx), s.tx.db.texts.get(query, numbered))
	return stmt, s.tx.note(err)
}

// QueryContext runs a statement that returns rows.
func (s statements) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := s.tx.sql.QueryContext(s.context(ctx), s.text(query, args), args...)
	s.tx.rows = rows
	return rows, s.tx.note(err)
}

// QueryRowContext runs a statement that returns one row.
func (s statements) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	row := s.tx.sql.QueryRowContext(s.context(ctx), s.text(query, args), args...)
	s.tx.note(row.Err())
	return row
}
