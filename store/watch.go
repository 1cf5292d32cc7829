package store

import (
	"log/slog"
	"strings"
	"sync"
	"time"
)

// A Query event tells of one statement, for metrics. It holds no values.
type QueryEvent struct {
	// Operation is the statement's first word, in lower case: "select".
	Operation string
	// Table is the first table it names; "" if none was recognised.
	Table string
	// Err is its failure, or nil.
	Err error
	// Duration is how long it took. For a statement that returns rows it is the
	// time to the first of them.
	Duration time.Duration
}

// An Observer is told of every statement on a service's own tables. It is called
// inside the transaction and must return at once.
type Observer interface {
	ObserveQuery(QueryEvent)
}

// watcher times statements for the observer and the slow-query log.
type watcher struct {
	observer Observer
	slow     time.Duration
	logger   *slog.Logger
	texts    sync.Map // query text → statement
	rows     sync.Map // repeatedText → query text of that many rows
}

type statement struct{ operation, table string }

func newWatcher(opts Options) *watcher {
	return &watcher{observer: opts.Observer, slow: opts.SlowQuery, logger: opts.Logger}
}

// begin and end read the machine's clock, not the database's: they measure work,
// which takes its time also where a test's clock stands still.
func (w *watcher) begin() time.Time {
	if w.observer == nil && w.slow < 0 {
		return time.Time{}
	}
	return time.Now()
}

func (w *watcher) end(query string, begun time.Time, err error) {
	if begun.IsZero() {
		return
	}
	took := time.Since(begun)
	slow := w.slow >= 0 && took >= w.slow
	if w.observer == nil && !slow {
		return
	}
	st := w.statement(query)
	if w.observer != nil {
		w.observer.ObserveQuery(QueryEvent{Operation: st.operation, Table: st.table, Err: err, Duration: took})
	}
	if slow {
		w.logger.Warn("slow query", "operation", st.operation, "table", st.table, "took", took, "query", query)
	}
}

// maxTexts bounds how many texts are remembered: a program that builds its texts
// must not grow the map for ever.
const maxTexts = 1024

func (w *watcher) statement(query string) statement {
	if st, ok := w.texts.Load(query); ok {
		return st.(statement)
	}
	st := parseStatement(query)
	remember(&w.texts, query, st)
	return st
}

// remember stores what was found out about a text, unless there are too many.
func remember(texts *sync.Map, key, value any) {
	n := 0
	texts.Range(func(any, any) bool { n++; return n < maxTexts })
	if n < maxTexts {
		texts.Store(key, value)
	}
}

// parseStatement finds the operation and the first table of a statement, well
// enough for a label.
func parseStatement(query string) statement {
	words := strings.FieldsFunc(query, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '(' || r == ')' || r == ',' || r == ';'
	})
	if len(words) == 0 {
		return statement{operation: "other"}
	}
	st := statement{operation: strings.ToLower(words[0])}
	for i, word := range words[:len(words)-1] {
		switch strings.ToLower(word) {
		case "from", "into", "join", "table":
			st.table = strings.ToLower(strings.Trim(words[i+1], `"`+"`"))
		case "update":
			if i == 0 {
				st.table = strings.ToLower(strings.Trim(words[i+1], `"`+"`"))
			}
		}
		if st.table != "" {
			break
		}
	}
	switch st.operation {
	case "select", "insert", "update", "delete", "with", "create", "alter", "drop":
	default:
		st.operation = "other"
	}
	return st
}
