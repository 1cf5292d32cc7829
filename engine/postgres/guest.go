package postgres

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// ledger makes the tables that say what the database is.
//
//go:embed ledger.sql
var ledger string

// Schema is what this package keeps in a database, for services that manage its
// tables themselves.
func Schema() (guest.Schema, error) {
	migrations, err := engineMigrations()
	return guest.Schema{
		Engine:     "postgres",
		Ledger:     ledger,
		Migrations: migrations,
		Needs: map[string]guest.Parts{
			"bailiwick_staging":     guest.Outbox,
			"bailiwick_log":         guest.Outbox,
			"bailiwick_steps":       guest.Outbox,
			"bailiwick_log_state":   guest.Outbox,
			"bailiwick_log_history": guest.Outbox,
			"bailiwick_latest":      guest.Outbox,
			"bailiwick_positions":   guest.Inbox,
			"bailiwick_claims":      guest.Inbox,
		},
		Now: "now()",
	}, err
}

var (
	errMigrations = errors.New("a guest brings no migrations: the service manages its tables itself")
	errManaged    = errors.New("its tables are managed by the service's own migrations")
)

// verify makes sure that the tables of a guest are there and fit. It changes none
// of them; it only writes down whose database it is, the first time.
func (d *db) verify(ctx context.Context, s *session, rebasing bool) error {
	const op = "postgres: open"
	if len(d.opts.Migrations) > 0 {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errMigrations, Do: "leave Options.Migrations empty, or Guest"}
	}
	schema, err := Schema()
	if err != nil {
		return err
	}
	f, err := d.read(ctx, s.Conn)
	if err != nil {
		return err
	}
	if !f.exists {
		return schema.Missing(op, d.opts.Guest, 0, []string{"table bailiwick_meta in " + d.schema})
	}
	if err := f.checkOwner(d.opts.Owner); err != nil {
		return err
	}
	pending, err := store.PendingMigrations(componentEngine, schema.Migrations, f.applied[componentEngine])
	if err != nil {
		return err
	}
	if len(pending) > 0 {
		since := pending[0].Version - 1
		return schema.Missing(op, d.opts.Guest, since, []string{fmt.Sprintf("version %d of the tables, but %d", len(schema.Migrations), since)})
	}
	have, err := d.tables(ctx, s.Conn)
	if err != nil {
		return err
	}
	if err := schema.Check(op, d.opts.Guest, have); err != nil {
		return err
	}
	if !rebasing {
		if err := f.checkIdentity(); err != nil {
			return err
		}
	}
	d.noLog, d.noInbox = !f.logs, !f.follows
	return d.claimOwner(ctx, s.Conn)
}

// claimOwner records the owner where nobody has. Of two that come at once one finds
// the other's name.
func (d *db) claimOwner(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, d.q(`INSERT INTO bailiwick_meta (name, value) VALUES ('owner', $1) ON CONFLICT DO NOTHING`), d.opts.Owner); err != nil {
		return err
	}
	f := facts{exists: true}
	if err := conn.QueryRowContext(ctx, d.q(`SELECT value FROM bailiwick_meta WHERE name = 'owner'`)).Scan(&f.owner); err != nil {
		return err
	}
	return f.checkOwner(d.opts.Owner)
}

// tables reads from the catalogue what the engine's tables look like.
func (d *db) tables(ctx context.Context, conn *sql.Conn) ([]guest.Table, error) {
	rows, err := conn.QueryContext(ctx, `SELECT c.relname, a.attname,
			CASE t.typname WHEN 'int8' THEN 'bigint' WHEN 'int4' THEN 'integer' WHEN 'bool' THEN 'boolean' ELSE t.typname END,
			coalesce(a.attnum = ANY (k.indkey), false), a.attnotnull, a.atthasdef OR a.attidentity <> '', a.attidentity <> ''
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			JOIN pg_type t ON t.oid = a.atttypid
			LEFT JOIN pg_index k ON k.indrelid = c.oid AND k.indisprimary
		WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p') AND c.relname LIKE 'bailiwick\_%'
		ORDER BY c.relname, a.attnum`, d.schema)
	if err != nil {
		return nil, err
	}
	list, err := guest.ReadTables(rows)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].Indexes, err = d.indexes(ctx, conn, list[i].Name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// indexes returns the names of a table's indexes that are ready to use.
func (d *db) indexes(ctx context.Context, conn *sql.Conn, table string) ([]string, error) {
	rows, err := conn.QueryContext(ctx, `SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
		WHERE x.indrelid = to_regclass($1) AND x.indisvalid`, d.schema+"."+table)
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
