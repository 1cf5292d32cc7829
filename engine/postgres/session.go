package postgres

import (
	"context"
	"database/sql"
	"errors"
	"hash/fnv"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// session is one connection while somebody uses it.
type session struct {
	*sql.Conn
	pg   *pgx.Conn
	life life // of the server, when the connection was made
}

// lost reports whether the connection is gone.
func (s *session) lost() bool { return s.pg.IsClosed() }

// session takes a connection from the pool and makes sure that it holds its share
// of the ownership. Waiting for one ends with ctx.
func (d *db) session(ctx context.Context) (*session, error) {
	d.waiting.Add(1)
	conn, err := d.pool.Conn(ctx)
	d.waiting.Add(-1)
	if err != nil {
		return nil, err
	}
	s := &session{Conn: conn}
	if s.pg, err = native(conn); err == nil {
		err = d.share(ctx, s)
	}
	if err == nil {
		err = s.lives(ctx)
	}
	if err == nil {
		err = d.join(ctx, s)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

var errNotPgx = errors.New("the pool's driver is not github.com/jackc/pgx/v5/stdlib")

// native returns the driver's own connection.
func native(conn *sql.Conn) (pg *pgx.Conn, err error) {
	err = conn.Raw(func(dc any) error {
		c, ok := dc.(*stdlib.Conn)
		if !ok {
			return &bailiwick.Error{Code: bailiwick.Invalid, Op: "postgres: connect", Err: errNotPgx, Do: `open it with sql.Open("pgx", url)`}
		}
		pg = c.Conn()
		return nil
	})
	return pg, err
}

// An advisory lock is named by two numbers: what for, and commonly a hash of the
// schema.
type lockName struct{ use, of int32 }

const (
	useOwnership = 0x6261696c // "bail"
	useMigration = 0x6d696772 // "migr"
	useSequencer = 0x73657175 // "sequ"
	usePresence  = 0x70726573 // "pres"
	// useGeneration is the first of many: the program's generation is added.
	useGeneration = 0x67650000 // "ge"
)

func (d *db) lockName(use int32) lockName {
	h := fnv.New32a()
	h.Write([]byte(d.opts.Schema))
	return lockName{use, int32(h.Sum32())}
}

func (d *db) ownership() lockName { return d.lockName(useOwnership) }

// share takes this connection's share of the ownership, once. Every connection
// holds one, so that there is none to lose apart from the connection itself, and
// whoever wants the database alone waits for all of them.
func (d *db) share(ctx context.Context, s *session) error {
	if d.opts.ReadOnly || d.alone != nil {
		return nil
	}
	mark := "bailiwick " + d.opts.Schema
	if s.pg.PgConn().CustomData()[mark] != nil {
		return nil
	}
	got, err := tryLock(ctx, s.Conn, "pg_try_advisory_lock_shared", d.ownership())
	if err != nil {
		return err
	}
	if !got {
		return &bailiwick.Error{Code: bailiwick.Locked, Op: "postgres: connect", Err: errAlone, Do: "wait until that is over"}
	}
	s.pg.PgConn().CustomData()[mark] = true
	return nil
}

var (
	errAlone   = errors.New("a command that must be alone holds the database")
	errRunning = errors.New("a process of the owner is running")
)

// An owner's process that has ended holds its share until the server has noticed,
// which takes it some milliseconds. So whoever wants to be alone asks more than once.
const (
	aloneTries = 40
	alonePause = 25 * time.Millisecond
)

// takeAlone takes the whole ownership on a connection of its own.
func (d *db) takeAlone(ctx context.Context) error {
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return err
	}
	got, err := insist(ctx, conn, d.ownership())
	if err == nil && !got {
		err = &bailiwick.Error{Code: bailiwick.Locked, Op: "postgres: open", Err: errRunning, Do: "stop all processes of the owner first"}
	}
	if err != nil {
		conn.Close()
		return err
	}
	d.alone = conn
	return nil
}

// insist takes a lock that nobody else may have a share of.
func insist(ctx context.Context, conn *sql.Conn, l lockName) (got bool, err error) {
	got, err = tryLock(ctx, conn, "pg_try_advisory_lock", l)
	for n := 1; n < aloneTries && err == nil && !got; n++ {
		if err = pause(ctx, alonePause); err == nil {
			got, err = tryLock(ctx, conn, "pg_try_advisory_lock", l)
		}
	}
	return got, err
}

func tryLock(ctx context.Context, conn *sql.Conn, function string, l lockName) (got bool, err error) {
	err = conn.QueryRowContext(ctx, "SELECT "+function+"($1::int, $2::int)", l.use, l.of).Scan(&got)
	return got, err
}

// unlock gives a session's exclusive lock back. If that fails the connection is
// gone, and the lock with it.
func unlock(ctx context.Context, conn *sql.Conn, l lockName) {
	var held bool
	_ = conn.QueryRowContext(ctx, "SELECT pg_advisory_unlock($1::int, $2::int)", l.use, l.of).Scan(&held)
}
