package sqlite

import (
	"context"
	"errors"

	"github.com/bailiwick/bailiwick"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// resultCode returns SQLite's primary result code of err, or 0.
func resultCode(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// infrastructure reports whether a result code tells of the machine rather than
// of the statement: it may pass, or a person has to mend something.
func infrastructure(code int) bool {
	switch code {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL,
		sqlite3.SQLITE_NOLFS, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
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
	code := resultCode(err)
	switch {
	case infrastructure(code):
		return unavailable(op, err)
	case code == sqlite3.SQLITE_READONLY:
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err, Do: "write inside DB.Do, on a database that was not opened read-only"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err}
	}
	return &bailiwick.Error{Code: bailiwick.Internal, Op: op, Err: err}
}

func unavailable(op string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "look at the disk and the file's permissions; nothing was changed"}
}

// outcome is what a closure's error becomes: itself, unless it only passes on
// that the machine failed.
func outcome(err error) error {
	if err == nil {
		return nil
	}
	var known *bailiwick.Error
	if errors.As(err, &known) || !infrastructure(resultCode(err)) {
		return err
	}
	return unavailable("sqlite: transaction", err)
}

var errClosed = errors.New("the database was closed")

func closed(op string) error {
	return &bailiwick.Error{Code: bailiwick.Closed, Op: op, Err: errClosed}
}

func cancelled(op string, ctx context.Context) error {
	return &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: ctx.Err(), Do: "nothing was done; call again with time left"}
}
