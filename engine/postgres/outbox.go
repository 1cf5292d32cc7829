package postgres

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"strconv"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Outbox is the staging table as transactions write to it that are not this
// package's: the table of an outbox.Outbox. Its statements hold nothing that is
// particular to a driver; those of pgx and of lib/pq run them.
type Outbox struct {
	// Schema holds the table; "" means "public".
	Schema string
}

// Insert returns the statement that stages n messages, in their order: rows of a
// VALUES list draw their ids one after another.
func (o Outbox) Insert(n int) string {
	const width = 9
	var b strings.Builder
	b.WriteString("INSERT INTO " + pgx.Identifier{Options{Schema: o.Schema}.withDefaults().Schema}.Sanitize() +
		".bailiwick_staging (message, key, type, version, time, correlation, causation, trace, data) VALUES ")
	for i := range n {
		before := "($"
		if i > 0 {
			before = ", ($"
		}
		for j := range width {
			b.WriteString(before + strconv.Itoa(i*width+j+1))
			before = ", $"
		}
		b.WriteString(")")
	}
	return b.String()
}

// Values returns a message's arguments.
func (o Outbox) Values(m *bailiwick.Message) []any {
	var cause any // NULL if there is none
	if !m.Causation.IsZero() {
		cause = m.Causation.String()
	}
	return []any{m.ID.String(), m.Key, m.Type, m.Version, m.Time, m.Correlation, cause, m.Trace, m.Data}
}

// Pgx makes an outbox.Tx of a pgx transaction, or of a connection of its own.
//
//	err = events.Publish(ctx, postgres.Pgx(tx), "order.placed", 1, order.ID, order)
func Pgx(tx PgxExecer) PgxTx { return PgxTx{tx} }

// PgxExecer is what pgx.Tx, *pgx.Conn and sqlc's DBTX for pgx have in common.
type PgxExecer interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
}

// PgxTx runs the statements of database/sql's kind on pgx.
type PgxTx struct{ tx PgxExecer }

// ExecContext runs a statement.
func (t PgxTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	tag, err := t.tx.Exec(ctx, query, args...)
	return sqldriver.RowsAffected(tag.RowsAffected()), err
}
