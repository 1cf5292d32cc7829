package follow

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net"
	"runtime/debug"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A failure is what a handler returned, as opposed to what the database said of
// the transaction around it.
type failure struct {
	task int // which of the transaction's tasks
	err  error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// handle applies one message. A panic is a failure like any other: one bad
// message must not take the process down whenever it starts.
func (r *runner) handle(tx *store.Tx, task int, h Handler, m *bailiwick.Message) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.logger.Error("a handler panicked", "type", m.Type, "key", m.Key, "id", m.ID.String(), "panic", p, "stack", string(debug.Stack()))
			err = &failure{task, fmt.Errorf("the handler panicked: %v", p)}
		}
	}()
	if err := tx.Handling(m, func() error { return h(tx, m) }); err != nil {
		return &failure{task, err}
	}
	return nil
}

// hopeless says that the handler has given the message up: another attempt
// would end in the same way.
func hopeless(err error) bool {
	code := bailiwick.CodeOf(err)
	return code == bailiwick.Poison || code == bailiwick.Invalid
}

// infrastructure says that an error blames the machinery and not the message, so
// that waiting may mend it and nothing is parked: the database was away, did not
// tell the outcome, was locked or closed, or the context ended. It looks through
// the whole chain, because a handler may have wrapped what its statement told it;
// only a handler's own verdict, poison or invalid, goes before.
//
// A conflict is not infrastructure when a handler returns it: engines repeat
// what lost a race by themselves, so this is the handler's, and another attempt
// of the one message is what it needs. Nor is an error without a code; but a
// database too broken to say so refuses to park as well, and then nothing is.
func infrastructure(err error) bool {
	if err == nil || hopeless(err) {
		return false
	}
	for _, target := range [...]error{context.Canceled, context.DeadlineExceeded, sql.ErrConnDone, sql.ErrTxDone, sqldriver.ErrBadConn, net.ErrClosed} {
		if errors.Is(err, target) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network) ||
		hasCode(err, bailiwick.Unavailable, bailiwick.Unknown, bailiwick.Locked, bailiwick.Closed)
}

// blaming says which errors of a transaction that called handlers last: those
// that may be a message's fault, so that the message has to be found.
func blaming(err error) bool { return closed(err) || !infrastructure(err) && !lostRace(err) }

// blameless says which errors of a transaction that called no handler last. There
// is no message to blame, so whatever else the database says, waiting is all that
// is left.
func blameless(err error) bool {
	return hasCode(err, bailiwick.Stale, bailiwick.Parked, bailiwick.Conflict, bailiwick.Closed)
}

// lostRace says that an operator changed a record at the same moment.
func lostRace(err error) bool {
	var failed *failure
	return !errors.As(err, &failed) && bailiwick.CodeOf(err) == bailiwick.Conflict
}

// closed says that a database or source will not come back in this process.
func closed(err error) bool { return hasCode(err, bailiwick.Closed) }

// hasCode says whether any error in err's tree has one of the codes.
func hasCode(err error, codes ...bailiwick.Code) bool {
	if e, ok := err.(*bailiwick.Error); ok {
		for _, code := range codes {
			if e.Code == code {
				return true
			}
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		inner := e.Unwrap()
		return inner != nil && hasCode(inner, codes...)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if hasCode(inner, codes...) {
				return true
			}
		}
	}
	return false
}
