package store

import (
	"errors"
	"strings"

	"github.com/bailiwick/bailiwick"
)

// RowsAtOnce returns how many of the rows that are left one statement inserts: 16, 4
// or 1. There are few sizes, so that few texts are prepared. Engines that write rows
// of their own by the statement-full call it, as [SQL.ExecRows] does.
func RowsAtOnce(left int) int {
	switch {
	case left >= 16:
		return 16
	case left >= 4:
		return 4
	default:
		return 1
	}
}

var (
	errNoValues = errors.New("the text does not end with the placeholders of one row: VALUES (?, …)")
	errRagged   = errors.New("the values do not fill whole rows")
)

// ExecRows inserts many rows: query is an INSERT of one, which ends with its
// VALUES (?, …), and values are those of all rows, one row after the other. Rows
// share statements, which costs less than one for each (BenchmarkExecRows). It
// returns an error with nothing or some of the rows inserted; the transaction
// undoes them.
func (s *SQL) ExecRows(query string, values ...any) error {
	const op = "store: insert rows"
	query = strings.TrimRight(query, " \t\r\n;")
	at := strings.LastIndex(query, "(")
	width := strings.Count(query[max(at, 0):], "?")
	if at < 0 || width == 0 || !strings.HasSuffix(query, ")") {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errNoValues}
	}
	if len(values)%width != 0 {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errRagged}
	}
	for len(values) > 0 {
		n := RowsAtOnce(len(values) / width)
		if _, err := s.Exec(s.watch.repeated(query, query[at:], n), values[:n*width]...); err != nil {
			return err
		}
		values = values[n*width:]
	}
	return nil
}

type repeatedText struct {
	query string
	n     int
}

// repeated returns the text of query with its last row n times.
func (w *watcher) repeated(query, row string, n int) string {
	if n == 1 {
		return query
	}
	key := repeatedText{query, n}
	if text, ok := w.rows.Load(key); ok {
		return text.(string)
	}
	text := query + strings.Repeat(", "+row, n-1)
	remember(&w.rows, key, text)
	return text
}
