package postgres

import (
	"fmt"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Put writes a record by compare-and-set.
func (t *tx) Put(r driver.Record) error {
	op := "postgres: put " + r.Kind + "/" + r.Key
	var due *time.Time
	if !r.Due.IsZero() {
		due = &r.Due
	}
	var n int64
	var err error
	switch {
	case r.State == "":
		n, err = t.exec(`DELETE FROM bailiwick_records WHERE kind = $1 AND key = $2 AND version = $3`, r.Kind, r.Key, r.Version)
	case r.Version == 0:
		n, err = t.exec(`INSERT INTO bailiwick_records (kind, key, state, due, version, data) VALUES ($1, $2, $3, $4, 1, $5)
			ON CONFLICT DO NOTHING`, r.Kind, r.Key, r.State, due, r.Data)
	default:
		n, err = t.exec(`UPDATE bailiwick_records SET state = $3, due = $4, version = version + 1, data = $5
			WHERE kind = $1 AND key = $2 AND version = $6`, r.Kind, r.Key, r.State, due, r.Data, r.Version)
	}
	if err == nil && n == 0 {
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: op, Err: fmt.Errorf("its version is not %d", r.Version),
			Do: "read it again, then decide again"}
	}
	return failure(op, err)
}

// List returns the records that a query selects.
func (t *tx) List(q driver.Query) ([]driver.Record, error) {
	op := "postgres: list " + q.Kind
	text, args := listText(q)
	rows, err := t.query(text, args...)
	if err != nil {
		return nil, failure(op, err)
	}
	defer rows.Close()
	var list []driver.Record
	for rows.Next() {
		r := driver.Record{Kind: q.Kind}
		var due *time.Time
		if err := rows.Scan(&r.Key, &r.State, &due, &r.Version, &r.Data); err != nil {
			return nil, failure(op, err)
		}
		if due != nil {
			r.Due = due.UTC()
		}
		list = append(list, r)
	}
	return list, failure(op, t.note(rows.Err()))
}

// listText makes the statement of a query. Its fields only choose among fixed
// parts, so there are few texts; values are arguments.
func listText(q driver.Query) (string, []any) {
	var b strings.Builder
	args := []any{q.Kind}
	b.WriteString(`SELECT key, state, due, version, data FROM bailiwick_records WHERE kind = $1`)
	where := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&b, condition, len(args))
	}
	if q.Key != "" {
		where(` AND key = $%d`, q.Key)
	}
	if q.Prefix != "" {
		where(` AND key ^@ $%d`, q.Prefix)
	}
	after, order := ` AND key > $%d`, ` ORDER BY key`
	if q.Newest {
		after, order = ` AND key < $%d`, ` ORDER BY key DESC`
	}
	if q.After != "" {
		where(after, q.After)
	}
	if len(q.States) > 0 {
		where(` AND state = ANY ($%d::text[])`, q.States)
	}
	if !q.DueBy.IsZero() {
		where(` AND due <= $%d`, q.DueBy)
		order = ` ORDER BY due, key`
	}
	b.WriteString(order)
	if q.Limit > 0 {
		where(` LIMIT $%d`, int64(q.Limit))
	}
	return b.String(), args
}
