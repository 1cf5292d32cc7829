package postgres

import (
	"context"
	"math/rand/v2"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// presence is the number under which an opened database is present, for those that
// wait for its leases; 0 where it does not say whether it is there.
//
// Every connection of the pool holds a share of a lock of that name from the moment
// it is made, so that there is none to lose apart from the connections themselves;
// and once nobody holds one, no transaction of the process is left that could commit.
// The server ends the sessions of a process that was killed, and their locks with
// them, long before its leases run out. A process that stands still, or whose
// machine is gone without a word, keeps them: then the leases' time decides.
//
// It is a hint, for speed. That a lease which is taken early does no harm is for its
// term to see to, as with one that has run out.
type presence int32

// newPresence draws a number. If another process has it as well, one of the two
// looks as if it were there while the other is.
func newPresence() presence { return presence(1 + rand.Int32N(1<<31-1)) }

// announce is what a connection does first, and once: nothing is prepared for it.
func (p presence) announce(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT pg_advisory_lock_shared($1::int, $2::int)`, pgx.QueryExecModeExec, int32(usePresence), int32(p))
	return err
}

// connector has every new connection announce the presence, if there is one.
func (p presence) connector() []stdlib.OptionOpenDB {
	if p == 0 {
		return nil
	}
	return []stdlib.OptionOpenDB{stdlib.OptionAfterConnect(p.announce)}
}

// presentAt stands between a lease's holder and the number under which that is
// present. One that ends without it was written by somebody who does not say, a
// program of an earlier version, say.
const presentAt = " present at "

// sign adds the presence to the name of a lease's holder.
func (p presence) sign(holder string) string {
	if p == 0 {
		return holder
	}
	return holder + presentAt + strconv.Itoa(int(p))
}

// Of a row l of the leases: the holder's own name, and whether that holder has said
// under which number it is present and is not. $3 is what such locks are for.
const (
	leaseHolder = `regexp_replace(l.holder, '` + presentAt + `[0-9]{1,10}$', '')`
	leaseMissed = `CASE WHEN l.holder ~ '` + presentAt + `[0-9]{1,10}$' THEN NOT EXISTS (
		SELECT FROM pg_locks k WHERE k.locktype = 'advisory' AND k.objsubid = 2 AND k.classid = $3::bigint::oid
			AND k.objid::bigint = substring(l.holder FROM '[0-9]+$')::bigint
			AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())) ELSE false END`
)
