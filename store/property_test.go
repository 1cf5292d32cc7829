package store

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Put together from hints of two engines and texts of none, a text has for each
// engine its own hints opened and the other's left alone.
func TestHintsAreForTheirEngine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text, want strings.Builder
		for range rapid.IntRange(0, 8).Draw(t, "pieces") {
			body := rapid.StringMatching(`[a-zé( ),?\n]{0,8}`).Draw(t, "body")
			switch rapid.SampledFrom([]string{"plain", "comment", "sqlite", "postgres", "sqlite3"}).Draw(t, "kind") {
			case "plain":
				text.WriteString(body)
				want.WriteString(body)
			case "comment":
				text.WriteString("/* " + body + "*/")
				want.WriteString("/* " + body + "*/")
			case "postgres":
				text.WriteString("/*postgres " + body + "*/")
				want.WriteString("/*postgres " + body + "*/")
			case "sqlite3":
				text.WriteString("/*sqlite3 " + body + "*/")
				want.WriteString("/*sqlite3 " + body + "*/")
			case "sqlite":
				text.WriteString("/*sqlite " + body + "*/")
				want.WriteString(body)
			}
		}
		if got := ForEngine("sqlite", text.String()); got != want.String() {
			t.Fatalf("%q becomes %q, want %q", &text, got, &want)
		}
	})
}

// ledger is a driver that takes rows down, as a database would insert them.
type ledger struct {
	driver.SQL
	width int
	rows  [][]any
	texts map[string]bool
	err   error
}

func (l *ledger) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	head, tail, _ := strings.Cut(query, " VALUES ")
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", l.width), ", ") + ")"
	if n := strings.Count(tail, "("); head != "INSERT INTO t" || tail != strings.TrimSuffix(strings.Repeat(row+", ", n), ", ") || n*l.width != len(args) {
		l.err = fmt.Errorf("%d values go into %q", len(args), query)
	}
	l.texts[query] = true
	l.rows = slices.AppendSeq(l.rows, slices.Chunk(args, l.width))
	return nil, nil
}

// Whatever their number and width, rows that are inserted together are those that
// would have been inserted one by one, in that order, and of few texts.
func TestRowsTogetherAreRowsOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := &ledger{width: rapid.IntRange(1, 9).Draw(t, "width"), texts: map[string]bool{}}
		s := &SQL{drv: l, ctx: context.Background(), watch: newWatcher(Options{SlowQuery: -1})}
		n := rapid.IntRange(0, 100).Draw(t, "rows")
		var values []any
		for i := range n * l.width {
			values = append(values, i)
		}
		query := "INSERT INTO t VALUES (" + strings.TrimSuffix(strings.Repeat("?, ", l.width), ", ") + ")" + rapid.SampledFrom([]string{"", ";", " ;\n"}).Draw(t, "end")
		if err := s.ExecRows(query, values...); err != nil || l.err != nil {
			t.Fatal(err, l.err)
		}
		var want [][]any
		want = slices.AppendSeq(want, slices.Chunk(values, l.width))
		if len(want) != len(l.rows) || len(want) > 0 && !reflect.DeepEqual(want, l.rows) {
			t.Fatalf("%v were inserted, want %v", l.rows, want)
		}
		if len(l.texts) > 3 { // of 16, of 4 and of one row
			t.Fatalf("%d texts were prepared", len(l.texts))
		}
		if err := s.ExecRows(query, append(values, 0)...); l.width > 1 && bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Fatalf("a ragged row: %v", err)
		}
	})
}

// Whatever is pushed and forgotten, and however a reader's pages are cut, the ring
// gives a gapless run of what follows, or says that it does not hold it.
func TestRingIsGaplessOrSilent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := &ring{limit: rapid.IntRange(1, 20).Draw(t, "limit") * messageOverhead}
		seq := int64(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"push", "push", "push", "hole", "forget"}).Draw(t, "step") {
			case "hole":
				seq += rapid.Int64Range(1, 3).Draw(t, "missing")
				fallthrough
			case "push":
				seq++
				r.push(&bailiwick.Message{Seq: seq, Data: make([]byte, rapid.IntRange(0, 400).Draw(t, "size"))})
			case "forget":
				r.forget(rapid.Int64Range(0, seq).Draw(t, "up to"))
			}
			bytes := 0
			for _, m := range r.run {
				bytes += len(m.Data) + messageOverhead
			}
			if bytes != r.bytes || bytes > r.limit && len(r.run) > 1 {
				t.Fatalf("%d messages have %d bytes, counted %d, limit %d", len(r.run), bytes, r.bytes, r.limit)
			}
		}
		at := rapid.Int64Range(0, seq+1).Draw(t, "after")
		one, held := r.after(at, 1000)
		var pages []*bailiwick.Message
		for reached := at; ; reached = pages[len(pages)-1].Seq {
			page, ok := r.after(reached, rapid.IntRange(1, 4).Draw(t, "page"))
			if !ok {
				break
			}
			pages = append(pages, page...)
		}
		if held != (len(one) > 0) || !slices.Equal(one, pages) {
			t.Fatalf("one page holds %d, many hold %d", len(one), len(pages))
		}
		for i, m := range one {
			if m.Seq != at+1+int64(i) {
				t.Fatalf("message %d after %d has the seq %d", i, at, m.Seq)
			}
		}
		if held && one[len(one)-1].Seq != seq {
			t.Fatalf("the ring ends at %d, the log at %d", one[len(one)-1].Seq, seq)
		}
	})
}

// Positions compare by epoch, then by seq: of any that a follower commits, in any
// order, the log remembers the furthest.
func TestTheFurthestIsAcknowledged(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &Feed{log: &Log{}}
		var furthest bailiwick.Position
		for range rapid.IntRange(1, 20).Draw(t, "commits") {
			p := bailiwick.Position{Epoch: rapid.Int64Range(0, 3).Draw(t, "epoch"), Seq: rapid.Int64Range(0, 5).Draw(t, "seq")}
			if p.Epoch > furthest.Epoch || p.Epoch == furthest.Epoch && p.Seq > furthest.Seq {
				furthest = p
			}
			if f.Ack(p); f.acked != furthest {
				t.Fatalf("after %s, %s is acknowledged and %s was committed", p, f.acked, furthest)
			}
		}
	})
}

// A program that knows more steps applies the rest, in order, but for contracts at
// the end; one that knows fewer opens only what it can live with.
func TestProgramAndDatabaseAgreeOnMigrations(t *testing.T) {
	phases := []Phase{Contract, Plain, Expand, Concurrent, Backfill, Contract, Contract}
	rapid.Check(t, func(t *rapid.T) {
		var all []Migration
		var applied []AppliedMigration
		for i := range rapid.SampledFrom([]int{8, 5, 3, 2, 1, 0}).Draw(t, "steps") {
			m := Migration{Version: i + 1, Name: "step", Phase: rapid.SampledFrom(phases).Draw(t, "phase"), SQL: fmt.Sprint("SELECT ", i)}
			all = append(all, m)
			applied = append(applied, AppliedMigration{Version: m.Version, Name: m.Recorded(), Checksum: m.Checksum()})
		}
		knows, has := len(all)-rapid.IntRange(0, len(all)).Draw(t, "unknown"), rapid.IntRange(0, len(all)).Draw(t, "applied")
		pending, err := PendingMigrations("order", all[:knows], applied[:has])
		liveable := true
		for _, m := range all[min(knows, has):has] {
			liveable = liveable && m.Phase.Compatible()
		}
		switch {
		case !liveable && bailiwick.CodeOf(err) != bailiwick.SchemaNewer:
			t.Fatalf("it knows %d of %d: %v", knows, has, err)
		case liveable && (err != nil || len(pending) != max(0, knows-has)):
			t.Fatalf("it knows %d of %d: %d are pending, %v", knows, has, len(pending), err)
		case err != nil:
			return
		}
		due := DueMigrations(pending, false, false)
		for i, m := range pending {
			later := slices.ContainsFunc(pending[i:], func(m Migration) bool { return m.Phase != Contract })
			if later != (i < len(due)) {
				t.Fatalf("of %v, %d are due", pending, len(due))
			}
			if i < len(due) && due[i] != m {
				t.Fatalf("%v is due before %v", due[i], m)
			}
		}
	})
}
