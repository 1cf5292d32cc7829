package sqlite

import (
	"context"
	"database/sql/driver"

	"modernc.org/sqlite"
)

// A shield stands before the writing connection. It keeps the cancellation of
// contexts from its statements: one that is interrupted half-way rolls back the
// whole transaction, and with it everybody who shares the commit. It does so also
// for statements that a closure prepared itself.
type shield struct{ driver.Conn }

// hooks are told of the ends of transactions on the writing connection.
type hooks struct {
	// commit returns non-zero to turn the commit into a rollback.
	commit   func() int32
	rollback func()
}

// dress registers the hooks on a connection and puts the shield before it.
func (h hooks) dress(c driver.Conn) driver.Conn {
	r := c.(sqlite.HookRegisterer)
	r.RegisterCommitHook(h.commit)
	r.RegisterRollbackHook(h.rollback)
	return shield{c}
}

// PrepareContext prepares a statement that no context interrupts.
func (s shield) PrepareContext(_ context.Context, query string) (driver.Stmt, error) {
	st, err := s.Conn.(driver.ConnPrepareContext).PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	return shieldedStmt{st.(fullStmt)}, nil
}

// ExecContext runs a statement that no context interrupts.
func (s shield) ExecContext(_ context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return s.Conn.(driver.ExecerContext).ExecContext(context.Background(), query, args)
}

// QueryContext runs a query that no context interrupts.
func (s shield) QueryContext(_ context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return s.Conn.(driver.QueryerContext).QueryContext(context.Background(), query, args)
}

type fullStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type shieldedStmt struct{ fullStmt }

// ExecContext runs the statement; no context interrupts it.
func (s shieldedStmt) ExecContext(_ context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.fullStmt.ExecContext(context.Background(), args)
}

// QueryContext runs the query; no context interrupts it.
func (s shieldedStmt) QueryContext(_ context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.fullStmt.QueryContext(context.Background(), args)
}
