package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// Tx is what publishing needs of a transaction. *sql.Tx is one, and so are
// *sql.Conn and sqlc's DBTX; for pgx there is postgres.Pgx.
type Tx interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// A Table is where an engine takes messages from transactions that are not its
// own: sqlite.Outbox, postgres.Outbox.
type Table interface {
	// Insert returns the statement that inserts n messages, in their order.
	Insert(n int) string
	// Values returns a message's arguments for it.
	Values(m *bailiwick.Message) []any
}

// Options tune an Outbox. The zero value is ready to use.
type Options struct {
	// Clock is where times of messages come from; nil means the system's.
	Clock bailiwick.Clock
	// Rand is where the random bits of ids come from; nil means crypto/rand.
	Rand io.Reader
}

// An Outbox publishes in transactions that are the caller's own: of a service that
// has its *sql.DB, its generated code and its migrations already, and adopts
// nothing but this.
//
//	var events = outbox.New(postgres.Outbox{}, outbox.Options{})
//
//	tx, err := db.BeginTx(ctx, nil)
//	…                                                                // the service's own statements
//	err = events.Publish(ctx, tx, "order.placed", 1, order.ID, order) // last
//	…
//	err = tx.Commit()
//
// Its tables are the caller's too: "bailiwick schema print" writes the migration,
// and postgres.Wrap or sqlite.Wrap, with Guest set, opens the log that followers
// read. An Outbox may be used by several goroutines at once.
type Outbox struct {
	table Table
	texts [most + 1]string // by the number of messages
	clock bailiwick.Clock
	ids   bailiwick.IDs
}

// most is how many messages one statement inserts at most.
const most = 32

// New returns an Outbox that writes to table. A program has one for each database.
func New(table Table, opts Options) *Outbox {
	if opts.Clock == nil {
		opts.Clock = bailiwick.SystemClock{}
	}
	o := &Outbox{table: table, clock: opts.Clock, ids: bailiwick.IDs{Now: opts.Clock.Now, Rand: opts.Rand}}
	for n := 1; n <= most; n++ {
		o.texts[n] = table.Insert(n)
	}
	return o
}

// Publish adds a message to the transaction: of this type and schema version,
// about key, with the JSON of data. It leaves the database after commit, or never.
//
// Publish last, when the rows that the message tells of are locked: changed, or
// selected for update. Messages of one key then take effect in the order of the
// commits; published before the lock is held, they may change places.
//
// Correlation and trace come from ctx, see [bailiwick.WithCorrelation] and
// [bailiwick.WithTrace]. After an error the transaction must be rolled back.
func (o *Outbox) Publish(ctx context.Context, tx Tx, typ string, version int, key string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "outbox: publish " + typ, Err: err}
	}
	return o.PublishMessages(ctx, tx, bailiwick.Message{Type: typ, Version: version, Key: key, Data: body})
}

// PublishMessages is Publish for messages that are made already. Key, Type and
// Version must be set; see [store.Complete] for the rest. Up to 32 messages go in
// one round trip.
func (o *Outbox) PublishMessages(ctx context.Context, tx Tx, msgs ...bailiwick.Message) error {
	for len(msgs) > 0 {
		n := min(len(msgs), most)
		values := make([]any, 0, 9*n)
		for i := range msgs[:n] {
			m := msgs[i] // the caller's stays as it is
			if err := store.Complete(ctx, &m, nil, &o.ids, o.clock.Now); err != nil {
				return err
			}
			values = append(values, o.table.Values(&m)...)
		}
		if _, err := tx.ExecContext(ctx, o.texts[n], values...); err != nil {
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "outbox: publish " + msgs[0].Type, Err: err,
				Do: "roll the transaction back; if the table is missing, apply what \"bailiwick schema print --for outbox\" writes"}
		}
		msgs = msgs[n:]
	}
	return nil
}
