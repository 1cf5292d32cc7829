package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"

	"github.com/bailiwick/bailiwick"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The SQLSTATEs that decide what is done next (PostgreSQL manual, appendix A).
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	readOnlyTransaction  = "25006"
	queryCanceled        = "57014"
	lockNotAvailable     = "55P03"
)

// state returns the SQLSTATE in err's chain, or "".
func state(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// class returns the first two characters of the SQLSTATE in err's chain, or "".
func class(err error) string {
	if s := state(err); len(s) == 5 {
		return s[:2]
	}
	return ""
}

// repeatable reports whether the server undid the transaction for the sake of
// another one, so that running it again is the answer.
func repeatable(err error) bool {
	s := state(err)
	return s == serializationFailure || s == deadlockDetected
}

// outage reports whether the server said that it, not the statement, is the
// trouble: connection, resources, shutdown, system.
func outage(err error) bool {
	switch class(err) {
	case "08", "53", "58":
		return true
	case "57":
		return state(err) != queryCanceled
	}
	return false
}

// unreachable reports whether err tells of the server or the way to it. It is
// asked of what the connection itself returned, never of a closure's error: that
// may be anybody's end of file.
func unreachable(err error) bool {
	if state(err) != "" {
		return outage(err)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, sqldriver.ErrBadConn) {
		return true
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, sql.ErrConnDone)
}

// timeout reports whether the server gave up on a statement that may succeed later.
func timeout(err error) bool {
	s := state(err)
	return s == queryCanceled || s == lockNotAvailable
}

// failure names the operation of this package that failed and gives it a code.
func failure(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *bailiwick.Error
	if errors.As(err, &known) {
		return err
	}
	fail := &bailiwick.Error{Code: bailiwick.Internal, Op: op, Err: err}
	switch {
	case unreachable(err), repeatable(err), timeout(err), errors.Is(err, errLost):
		fail.Code, fail.Do = bailiwick.Unavailable, "look at the server; nothing was changed"
	case errors.Is(err, pgx.ErrTxCommitRollback):
		fail.Do = "a statement failed and its error was dropped: return it from the closure, or put the statement in a savepoint"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		fail.Code, fail.Do = bailiwick.Unavailable, "nothing was changed; call again with time left"
	case state(err) == readOnlyTransaction:
		fail.Code, fail.Do = bailiwick.Invalid, "write inside DB.Do, on a database that was not opened read-only"
	case class(err) == "22", class(err) == "23":
		fail.Code, fail.Do = bailiwick.Invalid, "correct the value; nothing was changed"
	}
	return fail
}

var (
	errClosed   = errors.New("the database was closed")
	errReadOnly = errors.New("the database was opened read-only")
	errLost     = errors.New("the connection was lost")
)

func closed(op string) error {
	return &bailiwick.Error{Code: bailiwick.Closed, Op: op, Err: errClosed}
}
