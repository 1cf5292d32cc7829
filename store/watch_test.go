package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestParseStatement(t *testing.T) {
	for query, want := range map[string]statement{
		"SELECT a FROM orders WHERE id = ?":                {"select", "orders"},
		"select a from \"Orders\" join x on 1":             {"select", "orders"},
		"INSERT INTO orders(id) VALUES (?)":                {"insert", "orders"},
		"INSERT OR IGNORE INTO stock VALUES (?)":           {"insert", "stock"},
		"\n\tUPDATE stock\n SET n = n - ? WHERE code = ?;": {"update", "stock"},
		"DELETE FROM stock":                                {"delete", "stock"},
		"WITH a AS (SELECT 1 FROM b) SELECT * FROM a":      {"with", "b"},
		"CREATE TABLE t (id INTEGER)":                      {"create", "t"},
		"SELECT 1":                                         {"select", ""},
		"PRAGMA user_version":                              {"other", ""},
		"":                                                 {"other", ""},
		"COMMIT":                                           {"other", ""},
		"INSERT INTO a SELECT 1 FROM b ON CONFLICT DO UPDATE SET n = 1": {"insert", "a"},
	} {
		if got := parseStatement(query); got != want {
			t.Errorf("%q: got %+v, want %+v", query, got, want)
		}
	}
}

// A program that builds its texts must not fill the memory with them.
func TestWatcherForgets(t *testing.T) {
	w := newWatcher(Options{})
	for i := range maxTexts + 100 {
		w.statement(fmt.Sprintf("SELECT %d", i))
	}
	n := 0
	w.texts.Range(func(any, any) bool { n++; return true })
	if n != maxTexts {
		t.Errorf("%d texts are remembered", n)
	}
}

type observed []QueryEvent

func (o *observed) ObserveQuery(e QueryEvent) { *o = append(*o, e) }

// slowSQL is an engine whose statements take their time.
type slowSQL struct{ err error }

func (s slowSQL) ExecContext(context.Context, string, ...any) (sql.Result, error) {
	time.Sleep(time.Millisecond)
	return nil, s.err
}
func (slowSQL) PrepareContext(context.Context, string) (*sql.Stmt, error)       { return nil, nil }
func (slowSQL) QueryContext(context.Context, string, ...any) (*sql.Rows, error) { return nil, nil }
func (slowSQL) QueryRowContext(context.Context, string, ...any) *sql.Row        { return nil }

// The log of slow queries names the statement, never a value: values are people's
// names and card numbers.
func TestSlowQueryLogHoldsNoValues(t *testing.T) {
	var text bytes.Buffer
	var events observed
	failed := errors.New("failed")
	w := newWatcher(Options{SlowQuery: time.Microsecond, Logger: slog.New(slog.NewTextHandler(&text, nil)), Observer: &events})
	s := &SQL{drv: slowSQL{failed}, ctx: context.Background(), watch: w}
	if _, err := s.Exec("UPDATE card SET number = ? WHERE id = ?", "4111111111111111", "secret-id"); err != failed {
		t.Fatalf("got %v", err)
	}
	line := text.String()
	if !strings.Contains(line, "slow query") || !strings.Contains(line, "table=card") || !strings.Contains(line, "operation=update") {
		t.Errorf("the log says %q", line)
	}
	if strings.Contains(line, "4111") || strings.Contains(line, "secret") {
		t.Errorf("the log holds a value: %q", line)
	}
	if len(events) != 1 || events[0].Table != "card" || events[0].Err != failed || events[0].Duration < time.Millisecond {
		t.Errorf("the observer was told %+v", events)
	}
}

// A quick query is observed and not logged; without either, nothing is timed.
func TestQuickQueries(t *testing.T) {
	var text bytes.Buffer
	var events observed
	w := newWatcher(Options{SlowQuery: time.Hour, Logger: slog.New(slog.NewTextHandler(&text, nil)), Observer: &events})
	w.end("SELECT 1", w.begin(), nil)
	if text.Len() != 0 || len(events) != 1 {
		t.Errorf("logged %q, observed %v", text.String(), events)
	}
	if idle := newWatcher(Options{SlowQuery: -1}); !idle.begin().IsZero() {
		t.Error("it reads the clock for nobody")
	}
}
