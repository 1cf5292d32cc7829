package postgres

import (
	"database/sql"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/guest"
	"github.com/jackc/pgx/v5/pgtype"
)

// Append stages messages, all in one statement. Their ids are drawn by it, in
// order, and its answer tells the transaction's own id.
func (t *tx) Append(msgs []bailiwick.Message) error {
	if len(msgs) == 0 {
		return nil
	}
	if t.db.noLog {
		return guest.Without("postgres: append", "postgres", guest.Outbox)
	}
	t.closeRows()
	n := len(msgs)
	ids, causes := make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	keys, types, correlations, traces := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	versions, times, data := make([]int32, n), make([]time.Time, n), make([][]byte, n)
	for i := range msgs {
		m := &msgs[i]
		ids[i], causes[i] = uuid(m.ID), uuid(m.Causation)
		keys[i], types[i], versions[i], times[i] = m.Key, m.Type, int32(m.Version), m.Time
		correlations[i], traces[i], data[i] = m.Correlation, m.Trace, m.Data
	}
	err := t.queryRow(`WITH staged AS (
		INSERT INTO bailiwick_staging (message, key, type, version, time, correlation, causation, trace, data)
		SELECT message, key, type, version, time, correlation, causation, trace, data
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::timestamptz[], $6::text[], $7::uuid[], $8::text[], $9::bytea[])
			WITH ORDINALITY AS m (message, key, type, version, time, correlation, causation, trace, data, place)
		ORDER BY place)
		SELECT pg_current_xact_id()::text`,
		[]any{ids, keys, types, versions, times, correlations, causes, traces, data}, &t.xid)
	if err != nil {
		return failure("postgres: append", err)
	}
	t.appended = true
	return nil
}

func uuid(id bailiwick.ID) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: !id.IsZero()} }

// columns are those of a message in the log, in the order in which scan takes them.
const columns = `seq, epoch, id::text, key, type, version, time, correlation, coalesce(causation::text, ''), trace, data`

// scan reads a message of the log named log.
func scan(rows *sql.Rows, log string, before ...any) (bailiwick.Message, error) {
	m := bailiwick.Message{Log: log}
	var id, causation string
	into := append(before, &m.Seq, &m.Epoch, &id, &m.Key, &m.Type, &m.Version, &m.Time, &m.Correlation, &causation, &m.Trace, &m.Data)
	if err := rows.Scan(into...); err != nil {
		return m, err
	}
	m.Time = m.Time.UTC()
	if err := m.ID.UnmarshalText([]byte(id)); err != nil {
		return m, err
	}
	return m, m.Causation.UnmarshalText([]byte(causation))
}
