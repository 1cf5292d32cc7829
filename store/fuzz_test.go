package store

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/bailiwick/bailiwick"
)

// A portable text loses the marks of one engine's hints, and nothing else; a text
// without hints is as it was.
func FuzzForEngine(f *testing.F) {
	for _, seed := range []string{"CREATE TABLE line (n INTEGER) /*sqlite WITHOUT ROWID */", "/*sqlite", "/*sqlite ", "/*sqliteish x*/", "/*postgres a*//*sqlite b*/",
		"/*sqlite /*sqlite a*/ b*/", "/*sqlite\té*/", "/*sqlite\xff*/", "SELECT 1 -- /*sqlite 2*/", "/*/*sqlite */"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := ForEngine("sqlite", text)
		if !strings.Contains(text, "/*sqlite") && got != text {
			t.Fatalf("%q becomes %q", text, got)
		}
		if !subsequence(got, text) {
			t.Fatalf("%q becomes %q, which it does not hold", text, got)
		}
		if lost := len(text) - len(got); lost > strings.Count(text, "/*sqlite")*len("/*sqlite */") {
			t.Fatalf("%q becomes %q, %d bytes less", text, got, lost)
		}
	})
}

// subsequence says whether text holds all bytes of part in their order.
func subsequence(part, text string) bool {
	for i := 0; i < len(text) && part != ""; i++ {
		if text[i] == part[0] {
			part = part[1:]
		}
	}
	return part == ""
}

// A directory's migrations count from 1 without gaps and have a phase that there
// is, or are refused as invalid. What is recorded of them tells the phase again.
func FuzzMigrations(f *testing.F) {
	f.Add("0001_orders.sql", "0002_recipient.expand.sql", "0002_recipient.check.sql", "SELECT 1")
	f.Add("0001_a.contract.sql", "0001_b.sql", "README.md", "")
	f.Add("1_a.sql", "2_b.concurrent.sql", "3_c.backfill.sql", "DELETE")
	f.Add("0001_a.expand.contract.sql", "99999999999999999999_b.sql", "0000_c.sql", "\x00")
	f.Add("0001_é.sql", "0002.sql", "2-b.sql", "-- nothing")
	f.Add("0001_a.check.sql", "0001_a.check.check.sql", "x", "")
	f.Fuzz(func(t *testing.T, a, b, c, text string) {
		dir := fstest.MapFS{}
		for _, name := range []string{a, b, c} {
			if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\") {
				return
			}
			dir["schema/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
		list, err := Migrations(dir, "schema")
		if err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Invalid || list != nil {
				t.Fatalf("%q %q %q: %v, %v", a, b, c, list, err)
			}
			return
		}
		for i, m := range list {
			if m.Version != i+1 || m.Name == "" || m.SQL != text {
				t.Fatalf("%q %q %q: number %d is %+v", a, b, c, i, m)
			}
			if again := (AppliedMigration{Name: m.Recorded()}).Phase(); again != m.Phase {
				t.Fatalf("%q has the phase %q and is recorded as %q", m.Name, m.Phase, m.Recorded())
			}
		}
	})
}

// The label of a statement is one of few operations, and has a table or none,
// whatever the statement is.
func FuzzStatement(f *testing.F) {
	for _, seed := range []string{"SELECT a FROM t WHERE b = ?", "INSERT INTO \"t\" (a) VALUES (?)", "UPDATE t SET a = 1", "", ";", "from", "DELETE FROM", "WITH x AS (SELECT 1) SELECT * FROM x",
		"EXPLAIN\nSELECT", "select`from`t", "\xff from \xff", "UPDATE"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		st := parseStatement(query)
		switch st.operation {
		case "select", "insert", "update", "delete", "with", "create", "alter", "drop", "other":
		default:
			t.Fatalf("%q is a %q", query, st.operation)
		}
		if strings.ContainsAny(st.table, " \t\r\n(),;") {
			t.Fatalf("%q is about %q", query, st.table)
		}
	})
}

// What a log remembers of a follower is written as it was read.
func FuzzFollowerRecord(f *testing.F) {
	for _, seed := range []string{
		`{"name":"payment","state":"required","position":{"epoch":1,"seq":7},"types":["order.confirmed"],"seen":"2026-03-01T12:00:00.000001Z"}`,
		`{"name":"\ud800","types":[],"seen":"0001-01-01T00:00:00Z"}`, `{"seen":"2026-03-01T12:00:00+14:00"}`, `{"position":null,"types":null}`, `{"position":{"seq":9223372036854775808}}`, `null`, `7`, ``} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var reg, again RegisteredFollower
		if json.Unmarshal(data, &reg) != nil {
			return
		}
		r := followerRecord(reg, FollowerRequired, 1)
		if err := json.Unmarshal(r.Data, &again); err != nil {
			t.Fatalf("%s is written as %q: %v", data, r.Data, err)
		}
		if r2 := followerRecord(again, FollowerRequired, 1); string(r2.Data) != string(r.Data) || r2.Key != r.Key || r.Key != reg.Name {
			t.Fatalf("%s is written as %s, then as %s", data, r.Data, r2.Data)
		}
		if again.Position != reg.Position || !again.Seen.Equal(reg.Seen) {
			t.Fatalf("%+v becomes %+v", reg, again)
		}
	})
}

// What may be published comes through JSON as it was: so it is found again when it
// was set aside, and is the same at its reader. What may not is invalid.
func FuzzComplete(f *testing.F) {
	f.Add("customer/17850", "order.confirmed", 1, int64(1772366400000001))
	f.Add("", "order.confirmed", 1, int64(0))
	f.Add("a", "", 0, int64(0))
	f.Add("caf\xe9", "order.confirmed", 1, int64(0))
	f.Add("\xed\xa0\x80", "\x00", 99999, int64(-62135596800000000))
	f.Add("a", "b", 1, int64(9223372036854775807))
	f.Add("\u2028<&>\"", "b", 1, int64(-62167219200000001))
	ids := &bailiwick.IDs{}
	f.Fuzz(func(t *testing.T, key, kind string, version int, micros int64) {
		m := bailiwick.Message{Key: key, Type: kind, Version: version, Time: time.UnixMicro(micros)}
		if err := Complete(context.Background(), &m, nil, ids, time.Now); err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Invalid {
				t.Fatalf("%+v is refused with %v", m, err)
			}
			return
		}
		text, err := json.Marshal(&m)
		if err != nil {
			t.Fatalf("%+v may be published and cannot be written: %v", m, err)
		}
		var again bailiwick.Message
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if again.Key != key || again.Type != kind || again.Version != version || !again.Time.Equal(m.Time) || again.ID != m.ID {
			t.Fatalf("%+v becomes %+v", m, again)
		}
	})
}
