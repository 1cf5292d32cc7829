package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Open connects to a service's database, makes sure that it is the service's, and
// migrates it. url is a PostgreSQL connection string; what it does not say comes
// from the PG* environment variables.
//
// A database that belongs to another service ([bailiwick.WrongOwner]), that a
// newer program migrated ([bailiwick.SchemaNewer]), whose migrations were edited
// ([bailiwick.SchemaChanged]), that somebody holds alone ([bailiwick.Locked]), or
// that was copied or restored from a dump ([bailiwick.Forked]) is refused before
// anything in it is changed. Commits wait for the disk unless the URL sets
// synchronous_commit itself.
func Open(ctx context.Context, url string, opts Options) (*store.DB, error) {
	d, err := open(ctx, url, opts, false)
	if err != nil {
		return nil, err
	}
	return store.New(d, d.opts.Owner, d.opts.Store), nil
}

// Wrap is Open for a pool that the caller made with the driver "pgx", and keeps:
// its limits stay as they are, and Close leaves it open. Since it may keep no
// connections, the leases of a process that is killed are kept until they run out.
func Wrap(ctx context.Context, pool *sql.DB, opts Options) (*store.DB, error) {
	d := newDB(pool, false, opts.withDefaults())
	if err := d.prepare(ctx, false); err != nil {
		return nil, err
	}
	return store.New(d, d.opts.Owner, d.opts.Store), nil
}

// connectTimeout is how long a connection may take to be made, where the URL does
// not say.
const connectTimeout = 10 * time.Second

// unquoted is what the parser says of a connection string without what it quotes of
// it: the string at the beginning, pieces in parentheses at the end. It leaves
// passwords out of that, but not all: those with blanks around their sign of equality
// stay, and the rest of those that hold a blank or @.
func unquoted(err error) error {
	text := err.Error()
	if end := strings.LastIndex(text, "`: "); end >= 0 {
		text = text[end+len("`: "):]
	}
	text, _, _ = strings.Cut(text, " (")
	return errors.New("the connection string cannot be read: " + text)
}

// open is Open without the portable part. rebasing accepts a database that was
// copied.
func open(ctx context.Context, url string, opts Options, rebasing bool) (*db, error) {
	const op = "postgres: open"
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: unquoted(err), Do: "write postgres://USER@HOST:PORT/DATABASE"}
	}
	opts = opts.withDefaults()
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	setting := func(name, value string) {
		if _, ok := cfg.RuntimeParams[name]; !ok {
			cfg.RuntimeParams[name] = value
		}
	}
	setting("application_name", "bailiwick "+opts.Owner)
	setting("synchronous_commit", "on")
	cfg.RuntimeParams["search_path"] = pgx.Identifier{opts.Schema}.Sanitize()
	if opts.ReadOnly {
		cfg.RuntimeParams["default_transaction_read_only"] = "on"
	}
	var here presence
	if !opts.ReadOnly && opts.MaxIdle > 0 { // else there may be no connection for a while
		here = newPresence()
	}
	pool := stdlib.OpenDB(*cfg, here.connector()...)
	pool.SetMaxOpenConns(opts.MaxConns)
	pool.SetMaxIdleConns(opts.MaxIdle)
	pool.SetConnMaxIdleTime(opts.IdleTime)
	pool.SetConnMaxLifetime(opts.Lifetime)

	d := newDB(pool, true, opts)
	d.presence = here
	if err := d.prepare(ctx, rebasing); err != nil {
		pool.Close()
		return nil, err
	}
	return d, nil
}

var errNoOwner = errors.New("no owner is named")

// prepare finds out whether the database may be used, and migrates it.
func (d *db) prepare(ctx context.Context, rebasing bool) (err error) {
	const op = "postgres: open"
	if d.opts.Owner == "" && !d.opts.ReadOnly && !d.opts.Offline {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errNoOwner, Do: "set Options.Owner to the name of the service"}
	}
	if d.opts.Exclusive {
		if err := d.takeAlone(ctx); err != nil {
			return failure(op, err)
		}
		defer func() {
			if err != nil {
				d.alone.Close()
			}
		}()
	}
	s, err := d.session(ctx)
	if err != nil {
		return failure(op, err)
	}
	defer s.Close()
	if d.opts.ReadOnly || d.opts.Offline {
		return failure(op, d.inspect(ctx, s, rebasing))
	}
	return failure(op, d.migrate(ctx, s, rebasing))
}
