package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"strings"

	"modernc.org/sqlite"
)

// maxPrepared bounds the prepared statements of a connection: a program that
// builds its texts must not fill the memory with them. Texts beyond the bound run
// unprepared, at about twice the cost.
const maxPrepared = 256

// conn is one connection with the statements that were prepared on it. It is used
// by one goroutine at a time.
type conn struct {
	db    *sql.DB // of this connection alone
	sql   *sql.Conn
	texts map[string]*sql.Stmt
}

// dsn names a file with settings: pragmas, and parameters of SQLite's URIs.
func dsn(path string, params url.Values) string {
	params.Set("_time_format", "sqlite")
	params.Set("_timezone", "UTC")
	params.Add("_pragma", "busy_timeout(10000)")
	params.Add("_pragma", "foreign_keys(1)")
	return (&url.URL{Scheme: "file", Path: path, RawQuery: params.Encode()}).String()
}

// connect opens one connection. dress, if not nil, is given the bare connection
// and returns what is used in its place.
func connect(ctx context.Context, name string, dress func(driver.Conn) driver.Conn) (*conn, error) {
	inner, err := sqlite.NewConnector(name)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(dressed{inner, dress})
	c, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, err
	}
	return &conn{db: db, sql: c, texts: map[string]*sql.Stmt{}}, nil
}

// dressed is a connector that hands each new connection to dress.
type dressed struct {
	driver.Connector
	dress func(driver.Conn) driver.Conn
}

// Connect opens a connection and dresses it.
func (d dressed) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := d.Connector.Connect(ctx)
	if err != nil || d.dress == nil {
		return c, err
	}
	return d.dress(c), nil
}

// prepared returns the statement of a text, or nil where it has to run unprepared.
func (c *conn) prepared(query string) (*sql.Stmt, error) {
	if st, ok := c.texts[query]; ok {
		return st, nil
	}
	if len(c.texts) >= maxPrepared {
		return nil, nil
	}
	// What follows the last statement would make the driver take the text for
	// several statements, and parse it on every run.
	st, err := c.sql.PrepareContext(context.Background(), strings.TrimRight(query, " \t\r\n;"))
	if err != nil {
		return nil, err
	}
	c.texts[query] = st
	return st, nil
}

func (c *conn) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := c.prepared(query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.sql.ExecContext(ctx, query, args...)
	}
	return st.ExecContext(ctx, args...)
}

func (c *conn) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := c.prepared(query)
	if err != nil {
		return nil, err
	}
	if st == nil {
		return c.sql.QueryContext(ctx, query, args...)
	}
	return st.QueryContext(ctx, args...)
}

func (c *conn) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	// A text that cannot be prepared fails again, with its error in the row.
	if st, err := c.prepared(query); err == nil && st != nil {
		return st.QueryRowContext(ctx, args...)
	}
	return c.sql.QueryRowContext(ctx, query, args...)
}

func (c *conn) close() error {
	for _, st := range c.texts {
		st.Close()
	}
	if err := c.sql.Close(); err != nil {
		c.db.Close()
		return err
	}
	return c.db.Close()
}
