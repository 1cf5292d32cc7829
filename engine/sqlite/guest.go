package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
	"modernc.org/sqlite"
)

// Schema is what this package keeps in a database, for services that manage its
// tables themselves.
func Schema() (guest.Schema, error) {
	migrations, err := store.Migrations(schema, "schema")
	return guest.Schema{
		Engine:     "sqlite",
		Migrations: migrations,
		Needs: map[string]guest.Parts{
			"bailiwick_log":         guest.Outbox,
			"bailiwick_log_state":   guest.Outbox,
			"bailiwick_log_history": guest.Outbox,
			"bailiwick_positions":   guest.Inbox,
			"bailiwick_claims":      guest.Inbox,
		},
		Now: "unixepoch() * 1000000",
	}, err
}

var (
	errDriver     = errors.New("the pool's driver is not modernc.org/sqlite")
	errMemory     = errors.New("it is kept in memory, where nobody else can open it")
	errImpatient  = errors.New("the pool's connections do not wait for one another")
	errMigrations = errors.New("a guest brings no migrations: the service manages its tables itself")
	errManaged    = errors.New("its tables are managed by the service's own migrations")
	errJournal    = errors.New("readers and writers would wait for one another: its journal is no write-ahead log")
)

// Wrap opens the file of a pool that the caller made with the driver "sqlite", and
// keeps: a service with its own *sql.DB, its own code and its own migrations, which
// has taken Options.Guest in. The pool stays the caller's: this package makes
// connections of its own beside it.
//
// The pool's transactions that write had better begin IMMEDIATE (_txlock=immediate
// in its URL): one that reads first and writes later fails where somebody else has
// written in between. Two builds of SQLite in one process ruin each other's locks,
// so a pool of another driver is refused.
func Wrap(ctx context.Context, pool *sql.DB, opts Options) (*store.DB, error) {
	const op = "sqlite: wrap"
	refuse := func(why error, do string) (*store.DB, error) {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: why, Do: do}
	}
	if _, ok := pool.Driver().(*sqlite.Driver); !ok {
		return refuse(errDriver, `open it with sql.Open("sqlite", …) of modernc.org/sqlite`)
	}
	var path string
	var patience int
	err := pool.QueryRowContext(ctx, "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path)
	if err == nil {
		err = pool.QueryRowContext(ctx, "PRAGMA busy_timeout").Scan(&patience)
	}
	switch {
	case err != nil:
		return nil, failure(op, err)
	case path == "":
		return refuse(errMemory, "name a file")
	case patience == 0:
		return refuse(errImpatient, "add _pragma=busy_timeout(5000) to its URL")
	case opts.Guest == "":
		return refuse(errors.New("no part is named"), `set Options.Guest: "outbox", "inbox" or "saga"`)
	}
	return Open(ctx, path, opts)
}

// openGuest opens a database whose tables its service manages. The service's own
// connections may be at work, in this process too: so nothing here opens the file
// but SQLite.
func openGuest(ctx context.Context, path string, opts Options) (*DB, error) {
	const op = "sqlite: open"
	if len(opts.Migrations) > 0 {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errMigrations, Do: "leave Options.Migrations empty, or Guest"}
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil, &bailiwick.Error{Code: bailiwick.NotFound, Op: op, Err: fmt.Errorf("there is no file %s", path), Do: "run the service's migrations first"}
	}
	lock, err := takeLock(ctx, path)
	if err != nil {
		return nil, err
	}
	f, err := verify(ctx, path, opts)
	if err != nil {
		return nil, errors.Join(err, lock.release(true))
	}
	db, err := openOwned(ctx, path, opts, lock, f, plan{})
	if err != nil {
		return nil, errors.Join(err, lock.release(true))
	}
	return db, nil
}

// verify makes sure that the tables of a guest are there and fit.
func verify(ctx context.Context, path string, opts Options) (f found, err error) {
	const op = "sqlite: open"
	schema, err := Schema()
	if err != nil {
		return f, err
	}
	c, err := connect(ctx, dsn(path, url.Values{"mode": {"rw"}, "_pragma": {"query_only(1)"}}), nil)
	if err != nil {
		return f, unreadable(err)
	}
	defer c.close()
	if f, err = describe(ctx, c); err != nil {
		return f, unreadable(err)
	}
	if len(f.applied) == 0 {
		return f, schema.Missing(op, opts.Guest, 0, []string{"table bailiwick_migrations, or nothing in it"})
	}
	if err := f.checkOwner(path, opts.Owner); err != nil {
		return f, err
	}
	pending, err := store.PendingMigrations(libraryComponent, schema.Migrations, f.applied[libraryComponent])
	if err != nil {
		return f, err
	}
	if len(pending) > 0 {
		since := pending[0].Version - 1
		return f, schema.Missing(op, opts.Guest, since, []string{fmt.Sprintf("version %d of the tables, but %d", len(schema.Migrations), since)})
	}
	have, err := tables(ctx, c)
	if err != nil {
		return f, failure(op, err)
	}
	if err := schema.Check(op, opts.Guest, have); err != nil {
		return f, err
	}
	var journal string
	if err := c.queryRow(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return f, failure(op, err)
	}
	if journal != "wal" {
		return f, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errJournal, Do: "add _pragma=journal_mode(WAL) to the URL of the service's pool"}
	}
	return f, nil
}

// tables reads what the tables of this package look like.
func tables(ctx context.Context, c *conn) ([]guest.Table, error) {
	const counts = `p.pk > 0 AND upper(m.sql) LIKE '%AUTOINCREMENT%'`
	rows, err := c.query(ctx, `SELECT m.name, p.name, lower(p.type), p.pk > 0, p."notnull", p.dflt_value IS NOT NULL OR `+counts+`, `+counts+`
		FROM sqlite_schema m, pragma_table_xinfo(m.name) p
		WHERE m.type = 'table' AND m.name LIKE 'bailiwick\_%' ESCAPE '\' ORDER BY m.name, p.cid`)
	if err != nil {
		return nil, err
	}
	list, err := guest.ReadTables(rows)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Indexes, err = indexes(ctx, c, list[i].Name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// indexes returns the names of a table's indexes, those of keys apart.
func indexes(ctx context.Context, c *conn, table string) ([]string, error) {
	rows, err := c.query(ctx, "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL ORDER BY name", table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
