// Package postgres keeps a service's database in PostgreSQL 13 or newer.
//
//	db, err := postgres.Open(ctx, "postgres://order@db/order", postgres.Options{Owner: "order", Migrations: migrations})
//
// Several processes of one service may own a database at once. Business
// transactions append their messages to a staging table; after they have
// committed, whoever holds the sequencer's lease gives the messages their seqs.
// The sequencer finds them as the difference of two snapshots: what is visible
// now and was not visible at its last step. So it neither overtakes a transaction
// that drew an early id and commits late, nor waits for one that stays open, in
// this database or in another of the server.
//
// A commit whose answer was lost is looked up by its transaction id; only where
// that fails too is the outcome unknown. There is no NOTIFY: it takes a lock of
// the whole server at commit.
//
// Transaction ids mean nothing outside the database that drew them. One that was
// copied, or restored from a dump, is refused with [bailiwick.Forked] until
// [Rebase] has begun a new incarnation of its log.
//
// Connections pass through no pooler that shares sessions between transactions:
// ownership is a lock of the session. The role needs its own schema, and may read
// pg_locks and pg_stat_activity, as every role may that nobody forbade it: they tell
// whether whoever holds a lease is still there, and whether the server has crashed.
//
// A service that has its own *sql.DB or pgx pool, code and migrations takes in
// single parts as guests: see [Wrap] with Options.Guest, [Outbox] and [Pgx].
package postgres
