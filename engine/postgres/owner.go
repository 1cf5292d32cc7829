package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// identity names a database among all there are: transaction ids, and so the
// sequencer's snapshots, mean something in this one only. A standby that was
// promoted keeps it, and keeps the meaning.
type identity struct {
	system   string
	database int64
}

const presentIdentity = `SELECT (SELECT system_identifier::text FROM pg_control_system()),
	(SELECT oid::bigint FROM pg_database WHERE datname = current_database())`

// facts is what a database says of itself before anything is changed.
type facts struct {
	exists   bool // it has the engine's tables
	owner    string
	guest    bool                                // the tables are managed by the service
	logs     bool                                // there is a log
	follows  bool                                // there is an inbox
	applied  map[string][]store.AppliedMigration // by component
	recorded *identity                           // nil before the log exists
	present  identity
}

// read asks for all of them.
func (d *db) read(ctx context.Context, conn *sql.Conn) (f facts, err error) {
	err = conn.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, d.schema+".bailiwick_meta").Scan(&f.exists)
	if err != nil || !f.exists {
		return f, err
	}
	err = conn.QueryRowContext(ctx, d.q(`SELECT coalesce(max(value) FILTER (WHERE name = 'owner'), ''),
		coalesce(bool_or(name = $2 AND value = $3), false), to_regclass($1) IS NOT NULL, to_regclass($4) IS NOT NULL FROM bailiwick_meta`),
		d.schema+".bailiwick_log_history", guest.MetaKey, guest.MetaValue, d.schema+".bailiwick_positions").Scan(&f.owner, &f.guest, &f.logs, &f.follows)
	if err != nil {
		return f, err
	}
	if f.applied, err = d.applied(ctx, conn); err != nil {
		return f, err
	}
	if err = conn.QueryRowContext(ctx, presentIdentity).Scan(&f.present.system, &f.present.database); err != nil {
		return f, err
	}
	if !f.logs {
		return f, nil
	}
	f.recorded = new(identity)
	err = conn.QueryRowContext(ctx, d.q(`SELECT system, database FROM bailiwick_log_history ORDER BY epoch DESC LIMIT 1`)).
		Scan(&f.recorded.system, &f.recorded.database)
	return f, err
}

func (d *db) applied(ctx context.Context, conn *sql.Conn) (map[string][]store.AppliedMigration, error) {
	rows, err := conn.QueryContext(ctx, d.q(`SELECT component, version, name, checksum FROM bailiwick_migrations ORDER BY component, version`))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := map[string][]store.AppliedMigration{}
	for rows.Next() {
		var component string
		var m store.AppliedMigration
		if err := rows.Scan(&component, &m.Version, &m.Name, &m.Checksum); err != nil {
			return nil, err
		}
		list[component] = append(list[component], m)
	}
	return list, rows.Err()
}

// checkOwner refuses a database of another service.
func (f *facts) checkOwner(name string) error {
	if !f.exists || name == "" || f.owner == "" || f.owner == name {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.WrongOwner, Op: "postgres: open", Err: fmt.Errorf("it belongs to %q, not to %q", f.owner, name),
		Do: "check the URL; every service has a database, or a schema, of its own"}
}

var errMoved = errors.New("the database was copied, or restored from a dump: its transaction ids mean nothing here")

// checkIdentity refuses a database whose snapshots come from another one.
func (f *facts) checkIdentity() error {
	if f.recorded == nil || *f.recorded == f.present {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.Forked, Op: "postgres: open", Err: errMoved,
		Do: "make sure that the original is no longer used, then begin a new incarnation of its log with Rebase"}
}

var (
	errNotOurs = errors.New("the schema holds no tables of Bailiwick that a service has opened")
	errOlder   = errors.New("the tables are older than this program")
)

// inspect makes sure that the database can be read or changed by hand as it is, and
// changes nothing. What the service's own migrations are is not known here.
func (d *db) inspect(ctx context.Context, s *session, rebasing bool) error {
	f, err := d.read(ctx, s.Conn)
	if err != nil {
		return err
	}
	if !f.exists || f.owner == "" {
		return &bailiwick.Error{Code: bailiwick.NotDatabase, Op: "postgres: open", Err: errNotOurs, Do: "check the URL and the schema"}
	}
	if err := f.checkOwner(d.opts.Owner); err != nil {
		return err
	}
	program, err := engineMigrations()
	if err != nil {
		return err
	}
	pending, err := store.PendingMigrations(componentEngine, program, f.applied[componentEngine])
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		return &bailiwick.Error{Code: bailiwick.Unsupported, Op: "postgres: open", Err: errOlder, Do: "start the owner once with this version"}
	}
	d.opts.Owner, d.noLog, d.noInbox = f.owner, !f.logs, !f.follows
	if d.opts.ReadOnly || rebasing {
		return nil // what is read of a copy is right; only its snapshots are not
	}
	return f.checkIdentity()
}
