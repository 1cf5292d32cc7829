package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
)

// Append keeps messages for the end of the group: they are written together, just
// before the commit.
func (t *tx) Append(msgs []bailiwick.Message) error {
	const op = "sqlite: append"
	if t.writer == nil {
		return readOnly(op)
	}
	if err := t.alive(); err != nil {
		return err
	}
	if t.db.noLog {
		return guest.Without(op, "sqlite", guest.Outbox)
	}
	t.writer.appended = append(t.writer.appended, msgs...)
	return nil
}

// write inserts what the transaction appended into the log. There is one writer,
// so the seqs that a statement draws follow one another up to the last.
func (w *writer) write() error {
	for msgs := w.appended; len(msgs) > 0; {
		n := store.RowsAtOnce(len(msgs))
		text := w.inserts[n]
		if text == "" {
			text = appendText(n)
			w.inserts[n] = text
		}
		values := make([]any, 0, 9*n)
		for j := range msgs[:n] {
			values = appendValues(values, &msgs[j])
		}
		res, err := w.conn.exec(bare, text, values...)
		if err != nil {
			return err
		}
		last, err := res.LastInsertId()
		if err != nil {
			return err
		}
		for j := range msgs[:n] {
			m := &msgs[j]
			m.Log, m.Epoch, m.Seq, m.Prev = w.db.log, w.epoch, last-int64(n-1-j), 0
		}
		msgs = msgs[n:]
	}
	return nil
}

func idText(id bailiwick.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func parseID(text string) (bailiwick.ID, error) {
	var id bailiwick.ID
	err := id.UnmarshalText([]byte(text))
	return id, err
}

// ReadLog returns the messages after a seq.
func (db *DB) ReadLog(ctx context.Context, after int64, limit int) ([]bailiwick.Message, error) {
	var list []bailiwick.Message
	const op = "sqlite: read log"
	if db.noLog {
		return nil, nil
	}
	err := db.readers.do(ctx, op, func(c *conn) error {
		var epoch int64
		err := c.queryRow(ctx, "SELECT epoch FROM bailiwick_log_state").Scan(&epoch)
		if err != nil {
			return err
		}
		list, err = readLog(ctx, c, epoch, after, limit)
		for i := range list {
			list[i].Log = db.log
		}
		return err
	})
	return list, failure(op, err)
}

// readLog reads from the table; Log is left to the caller.
func readLog(ctx context.Context, c *conn, epoch, after int64, limit int) ([]bailiwick.Message, error) {
	rows, err := c.query(ctx, `SELECT seq, id, key, type, version, time, correlation, causation, trace, data
		FROM bailiwick_log WHERE seq > ? ORDER BY seq LIMIT ?`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []bailiwick.Message
	for rows.Next() {
		m := bailiwick.Message{Epoch: epoch}
		var id, causation string
		var micros int64
		if err := rows.Scan(&m.Seq, &id, &m.Key, &m.Type, &m.Version, &micros, &m.Correlation, &causation, &m.Trace, &m.Data); err != nil {
			return nil, err
		}
		m.Time = time.UnixMicro(micros).UTC()
		if m.ID, err = parseID(id); err != nil {
			return nil, err
		}
		if m.Causation, err = parseID(causation); err != nil {
			return nil, err
		}
		list = append(list, m)
	}
	return list, rows.Err()
}

// LogState returns the log's incarnation and bounds.
func (db *DB) LogState(ctx context.Context) (driver.LogState, error) {
	state := driver.LogState{Name: db.log}
	const op = "sqlite: log state"
	if db.noLog {
		state.Epoch, state.History = 1, []bailiwick.Fork{{Epoch: 1}}
		return state, nil
	}
	err := db.readers.do(ctx, op, func(c *conn) error {
		if err := c.queryRow(ctx, `SELECT epoch, low, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'bailiwick_log'), 0)
			FROM bailiwick_log_state`).Scan(&state.Epoch, &state.Low, &state.Head); err != nil {
			return err
		}
		rows, err := c.query(ctx, "SELECT epoch, seq FROM bailiwick_log_history ORDER BY epoch")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var f bailiwick.Fork
			if err := rows.Scan(&f.Epoch, &f.Seq); err != nil {
				return err
			}
			state.History = append(state.History, f)
		}
		return rows.Err()
	})
	return state, failure(op, err)
}

// Stamp has nothing to give: messages get their seq as they are appended. Where
// the service's own connections append too, it tells of what there is.
func (db *DB) Stamp(ctx context.Context, term int64, limit int) ([]bailiwick.Message, error) {
	if db.listener == nil || db.noLog {
		return nil, nil
	}
	return db.listener.stamp(ctx, term, limit)
}

// Trim looks at the next messages up to t.UpTo, at most t.Limit of them, and
// deletes those that no rule keeps. A change of the rules has it look at all again.
func (db *DB) Trim(ctx context.Context, t driver.Trim) (more bool, err error) {
	if db.noLog {
		return false, nil
	}
	forever, compact := typeList(t.Forever), typeList(t.Compact)
	rule := forever + compact
	limit := max(t.Limit, 1)
	err = db.change(ctx, "sqlite: trim", func(tx *tx) error {
		more = false
		if len(t.Compact) > 0 {
			// Only who compacts pays for the index.
			if _, err := tx.exec("CREATE INDEX IF NOT EXISTS bailiwick_log_key ON bailiwick_log (type, key, seq)"); err != nil {
				return err
			}
		}
		var low, trimmed int64
		var before string
		if err := tx.queryRow("SELECT low, trimmed, rule FROM bailiwick_log_state").Scan(&low, &trimmed, &before); err != nil {
			return err
		}
		if rule != before {
			trimmed = 0
		}
		// The last of the messages that this call looks at.
		until := t.UpTo
		err := tx.queryRow("SELECT seq FROM bailiwick_log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT 1 OFFSET ?", trimmed, t.UpTo, limit-1).Scan(&until)
		more = err == nil && until < t.UpTo
		if err != nil && err != sql.ErrNoRows {
			return err
		}
		gone, err := tx.trim(trimmed, until, forever, compact, len(t.Compact) > 0)
		if err != nil {
			return err
		}
		_, err = tx.exec("UPDATE bailiwick_log_state SET low = ?, trimmed = ?, rule = ?", max(low, gone), max(trimmed, until), rule)
		return err
	})
	return more, err
}

// trim deletes from the messages after one seq up to another those that no rule
// keeps, and the predecessors of those that replace them. It returns the greatest
// seq that it deleted.
func (t *tx) trim(after, until int64, forever, compact string, compacts bool) (gone int64, err error) {
	const unkept = ` FROM bailiwick_log WHERE seq > ? AND seq <= ?
		AND type NOT IN (SELECT value FROM json_each(?)) AND type NOT IN (SELECT value FROM json_each(?))`
	const replaced = ` FROM bailiwick_log WHERE seq IN (SELECT old.seq FROM bailiwick_log new
		JOIN bailiwick_log old ON old.type = new.type AND old.key = new.key AND old.seq < new.seq
		WHERE new.seq > ? AND new.seq <= ? AND new.type IN (SELECT value FROM json_each(?))
		AND new.type NOT IN (SELECT value FROM json_each(?)))`
	for _, which := range []struct {
		rows  string
		types []any
		skip  bool
	}{
		{unkept, []any{forever, compact}, false},
		{replaced, []any{compact, forever}, !compacts},
	} {
		if which.skip {
			continue
		}
		args := append([]any{after, until}, which.types...)
		var last sql.NullInt64
		if err := t.queryRow("SELECT max(seq)"+which.rows, args...).Scan(&last); err != nil {
			return 0, err
		}
		if !last.Valid {
			continue
		}
		if _, err := t.exec("DELETE"+which.rows, args...); err != nil {
			return 0, err
		}
		gone = max(gone, last.Int64)
	}
	return gone, nil
}

// typeList writes types as a sorted JSON list.
func typeList(types []string) string {
	sorted := slices.Sorted(slices.Values(types))
	if sorted == nil {
		sorted = []string{}
	}
	text, _ := json.Marshal(sorted) // cannot fail: strings
	return string(text)
}
