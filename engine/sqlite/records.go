package sqlite

import (
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

var (
	errVersion   = errors.New("the record has another version")
	errStateless = errors.New("a record to insert has no state")
)

// Put writes a record by compare-and-set of its version.
func (t *tx) Put(r driver.Record) error {
	op := "sqlite: put " + r.Kind
	if t.writer == nil {
		return readOnly(op)
	}
	var due any
	if !r.Due.IsZero() {
		due = r.Due.UnixMicro()
	}
	var ok bool
	var err error
	switch {
	case r.Version == 0 && r.State == "":
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errStateless, Do: "give it a state; to delete one, give its version"}
	case r.Version == 0:
		ok, err = t.changed("INSERT INTO bailiwick_records (kind, key, state, due, version, data) VALUES (?, ?, ?, ?, 1, ?) ON CONFLICT DO NOTHING",
			r.Kind, r.Key, r.State, due, r.Data)
	case r.State == "":
		ok, err = t.changed("DELETE FROM bailiwick_records WHERE kind = ? AND key = ? AND version = ?", r.Kind, r.Key, r.Version)
	default:
		// Most steps of a saga change neither state nor due time. SQLite rewrites the
		// index entries of every column that a statement names, so that is tried
		// without naming them first.
		ok, err = t.changed("UPDATE bailiwick_records SET version = version + 1, data = ? WHERE kind = ? AND key = ? AND version = ? AND state = ? AND due IS ?",
			r.Data, r.Kind, r.Key, r.Version, r.State, due)
		if ok || err != nil {
			break
		}
		ok, err = t.changed("UPDATE bailiwick_records SET state = ?, due = ?, version = version + 1, data = ? WHERE kind = ? AND key = ? AND version = ?",
			r.State, due, r.Data, r.Kind, r.Key, r.Version)
	}
	if err != nil {
		return failure(op, err)
	}
	if !ok {
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: op, Err: errVersion, Do: "read the record again, then decide again"}
	}
	return nil
}

// List returns records of one kind.
func (t *tx) List(q driver.Query) ([]driver.Record, error) {
	op := "sqlite: list " + q.Kind
	query, args := listQuery(q)
	rows, err := t.query(query, args...)
	if err != nil {
		return nil, failure(op, err)
	}
	defer rows.Close()
	var list []driver.Record
	for rows.Next() {
		r := driver.Record{Kind: q.Kind}
		var due sql.NullInt64
		if err := rows.Scan(&r.Key, &r.State, &due, &r.Version, &r.Data); err != nil {
			return nil, failure(op, err)
		}
		if due.Valid {
			r.Due = time.UnixMicro(due.Int64).UTC()
		}
		list = append(list, r)
	}
	return list, failure(op, rows.Err())
}

// listQuery builds the text of a query. Only its shape goes into the text, so that
// few texts are prepared.
func listQuery(q driver.Query) (string, []any) {
	var b strings.Builder
	b.WriteString("SELECT key, state, due, version, data FROM bailiwick_records WHERE kind = ?")
	args := []any{q.Kind}
	where := func(condition string, values ...any) {
		b.WriteString(" AND ")
		b.WriteString(condition)
		args = append(args, values...)
	}
	if q.Key != "" {
		where("key = ?", q.Key)
	}
	if q.Prefix != "" {
		where("key >= ?", q.Prefix)
		if end := prefixEnd(q.Prefix); end != "" {
			where("key < ?", end)
		}
	}
	if q.After != "" {
		if q.Newest {
			where("key < ?", q.After)
		} else {
			where("key > ?", q.After)
		}
	}
	if len(q.States) > 0 {
		where("state IN (?"+strings.Repeat(", ?", len(q.States)-1)+")", anys(q.States)...)
	}
	order := " ORDER BY key"
	if q.Newest {
		order += " DESC"
	}
	if !q.DueBy.IsZero() {
		where("due <= ?", q.DueBy.UnixMicro())
		order = " ORDER BY due, key"
	}
	b.WriteString(order)
	if q.Limit > 0 {
		b.WriteString(" LIMIT ?")
		args = append(args, q.Limit)
	}
	return b.String(), args
}

func anys(list []string) []any {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return values
}

// prefixEnd returns the least text that sorts after all that begin with prefix; ""
// if there is none. SQLite compares bytes.
func prefixEnd(prefix string) string {
	b := []byte(prefix)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < 0xff {
			b[i]++
			return string(b[:i+1])
		}
	}
	return ""
}
