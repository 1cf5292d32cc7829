package main

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"

	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/outbox-only/pgdb"
	"github.com/bailiwick/bailiwick/examples/outbox-only/sqlitedb"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

//go:embed migrations
var migrations embed.FS

// open connects the shop to its database and applies its migrations, among them the
// one with the outbox's tables. The log is that outbox as others read it; it lives
// beside the shop's pool, and never alters a table. A service of your own knows its
// engine, and has one of the two branches.
func open(ctx context.Context, url string) (*Shop, *store.DB, error) {
	var shop *Shop
	var log *store.DB
	var err error
	if strings.HasPrefix(url, "postgres:") {
		shop = &Shop{
			queries: func(tx *sql.Tx) queries { return pgdb.New(tx) },
			events:  outbox.New(postgres.Outbox{}, outbox.Options{}),
		}
		if shop.pool, err = migrated(ctx, "pgx", url, goose.DialectPostgres, "migrations/postgres"); err != nil {
			return nil, nil, err
		}
		log, err = postgres.Wrap(ctx, shop.pool, postgres.Options{Owner: "shop", Guest: "outbox"})
	} else {
		shop = &Shop{
			queries: func(tx *sql.Tx) queries { return sqlitedb.New(tx) },
			events:  outbox.New(sqlite.Outbox{}, outbox.Options{}),
		}
		url = "file:" + url + "?_pragma=journal_mode(WAL)&_pragma=busy_timeout(10000)&_txlock=immediate"
		if shop.pool, err = migrated(ctx, "sqlite", url, goose.DialectSQLite3, "migrations/sqlite"); err != nil {
			return nil, nil, err
		}
		log, err = sqlite.Wrap(ctx, shop.pool, sqlite.Options{Owner: "shop", Guest: "outbox"})
	}
	if err != nil {
		shop.pool.Close()
		return nil, nil, err
	}
	return shop, log, nil
}

// migrated opens a pool and applies the migrations in a directory.
func migrated(ctx context.Context, driver, url string, dialect goose.Dialect, dir string) (*sql.DB, error) {
	pool, err := sql.Open(driver, url)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, dir)
	if err == nil {
		var up *goose.Provider
		if up, err = goose.NewProvider(dialect, pool, files); err == nil {
			_, err = up.Up(ctx)
		}
	}
	if err != nil {
		pool.Close()
		return nil, err
	}
	return pool, nil
}
