package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/jackc/pgx/v5"
)

const (
	// lookFor is how long the outcome of a commit is looked for when its answer
	// was lost: the server may be starting again.
	lookFor = 30 * time.Second
	// lookEvery is the wait between two looks.
	lookEvery = 50 * time.Millisecond
	// lookPatience is how long a transaction whose COMMIT may never have arrived
	// stays open before its session is ended.
	lookPatience = time.Second
)

// undecided makes an outcome of a COMMIT that did not succeed: nil means that it
// did after all, again that nothing remains and that another run may succeed.
func (d *db) undecided(op string, s *session, t *tx, err error) (again bool, _ error) {
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return repeatable(t.failed), failure(op, t.whyAborted(err))
	}
	if !s.lost() && !unreachable(err) {
		// The server answered: a deferred constraint, say. It undid everything.
		return repeatable(err), failure(op, err)
	}
	// pgconn.SafeToRetry is no help here: it says yes as well when COMMIT was sent
	// and the connection broke while the answer was read.
	if t.unsure {
		return false, unknown(op, err)
	}
	if t.xid == "" {
		return false, nil // it wrote nothing, so there is nothing to be lost
	}
	committed, look := d.look(t.xid, s)
	if look != nil {
		return false, unknown(op, errors.Join(err, look))
	}
	if committed {
		return false, nil
	}
	return true, failure(op, err)
}

func unknown(op string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Unknown, Op: op, Err: err, Do: "look whether it was done before trying again"}
}

// look asks the server, over another connection, what became of a transaction. A
// caller that went away would not know either, so no context ends it.
func (d *db) look(xid string, of *session) (committed bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), d.lookFor)
	defer cancel()
	begun := time.Now()
	for {
		committed, decided, err := d.lookOnce(ctx, xid, of, time.Since(begun) > lookPatience)
		if decided {
			return committed, err
		}
		if over := pause(ctx, lookEvery); over != nil {
			return false, errors.Join(over, err)
		}
	}
}

var (
	errForgotten = errors.New("the server no longer knows the transaction")
	errCrashed   = errors.New("the server has crashed since, and may have given the transaction's id to another one")
	errStandby   = errors.New("the server is a standby, and may not have heard of the transaction's end yet")
)

// lookOnce asks once. With end it ends the session that has the transaction open,
// if that still is the same: a COMMIT that never arrived would leave it so.
//
// A crash takes the id of a transaction with it, of which nothing had reached the disk
// yet, and gives it to another. So what is committed in another life of the server may
// be that one; what is not committed, or not begun, is not ours either way. Only a
// standby knows neither: what it has not replayed yet may be committed all the same, so
// it is asked again once it was promoted.
func (d *db) lookOnce(ctx context.Context, xid string, of *session, end bool) (committed, decided bool, err error) {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return false, false, err
	}
	defer conn.Close()
	var status *string
	var standby, same bool
	err = conn.QueryRowContext(ctx, `SELECT pg_is_in_recovery(), CASE WHEN NOT pg_is_in_recovery() THEN pg_xact_status($1::text::xid8) END, `+sameLife,
		xid, of.life.began, of.life.crew).Scan(&standby, &status, &same)
	switch {
	case state(err) == notBegun:
		return false, true, nil
	case err != nil:
		return false, !unreachable(err) && ctx.Err() == nil, err
	case standby:
		return false, false, errStandby
	case status == nil:
		return false, true, errForgotten
	case *status == "committed" && !same:
		return false, true, errCrashed
	case *status == "committed":
		return true, true, nil
	case *status == "aborted" || !same:
		return false, true, nil
	}
	if end {
		_, err = conn.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE pid = $1::int AND backend_xid = $2::text::xid8::xid`, int64(of.pg.PgConn().PID()), xid)
	}
	return false, false, err
}

// notBegun is how the server refuses an id that it has not given to anybody yet.
const notBegun = "22023" // invalid_parameter_value
