package postgres

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Placeholders are numbered from 1, in order, and nothing else of a statement
// changes: with the numbers taken out and the operator doubled again, it is what it
// was.
func FuzzNumbered(f *testing.F) {
	for _, seed := range []string{"SELECT ?, ?", "SELECT '?', ?", `SELECT E'\'?', ?`, `SELECT "a?b", ?`, "SELECT 1 -- really?\n, ?", "SELECT /* ? /* ? */ ? */ ?", "SELECT $$?$$, $a$?$$?$a$, ?",
		"data ?? 'k'", "???", "'", "\"", "/*", "--", "$", "$a", "$$", "e'", "\xff?", "U&'?'", "?::text", "$1 ?"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := numbered(text)
		if !strings.Contains(text, "?") && got != text {
			t.Fatalf("%q becomes %q", text, got)
		}
		rest, n := text, 0
		for got != "" || rest != "" {
			switch {
			case strings.HasPrefix(rest, "?") && strings.HasPrefix(got, "$"+strconv.Itoa(n+1)):
				n++
				rest, got = rest[1:], got[len("$"+strconv.Itoa(n)):]
			case strings.HasPrefix(rest, "??") && strings.HasPrefix(got, "?") && !strings.HasPrefix(got, "??"):
				rest, got = rest[2:], got[1:]
			case rest != "" && got != "" && rest[0] == got[0]:
				rest, got = rest[1:], got[1:]
			default:
				t.Fatalf("%q becomes %q: %q is left of one and %q of the other", text, numbered(text), rest, got)
			}
		}
	})
}

// Put together from placeholders and from what may hold a question mark, a
// statement has as many numbers as placeholders.
func TestPlaceholdersAmongQuotes(t *testing.T) {
	pieces := map[string]string{"?": "", "??": "?", "'a?''?'": "", `"a?""?"`: "", "E'\\'?\\\\'": "", "-- ?\n": "", "/*?/*?*/?*/": "", "$$?$$": "", "$a_1$?$$?$a$?$a_1$": "", "name$1$": "", "'\\'": "", "::text": ""}
	var names []string
	for piece := range pieces {
		names = append(names, piece)
	}
	rapid.Check(t, func(t *rapid.T) {
		var text, want strings.Builder
		n := 0
		for range rapid.IntRange(0, 12).Draw(t, "pieces") {
			piece := rapid.SampledFrom(names).Draw(t, "piece")
			text.WriteString(piece + " ")
			switch piece {
			case "?":
				n++
				fmt.Fprintf(&want, "$%d ", n)
			case "??":
				want.WriteString("? ")
			default:
				want.WriteString(piece + " ")
			}
		}
		if got := numbered(text.String()); got != want.String() {
			t.Fatalf("%q becomes %q, want %q", &text, got, &want)
		}
	})
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// A query's values are never in its text, and the text asks for each once.
func FuzzQuery(f *testing.F) {
	f.Add("follow.parked/order", "a", "b'; DROP TABLE", "c", "retry", int64(0), 1, true)
	f.Add("", "", "", "", "", int64(1), 0, false)
	f.Add("$1", "%", "\xff", "?", "$2", int64(-1), -1, true)
	f.Fuzz(func(t *testing.T, kind, key, prefix, after, state string, due int64, limit int, newest bool) {
		q := driver.Query{Kind: kind, Key: key, Prefix: prefix, After: after, Limit: limit, Newest: newest}
		if state != "" {
			q.States = []string{state, "more"}
		}
		if due != 0 {
			q.DueBy = time.UnixMicro(due)
		}
		text, args := listText(q)
		found := parameter.FindAllStringSubmatch(text, -1)
		if len(found) != len(args) {
			t.Fatalf("%s has %d values", text, len(args))
		}
		for i, p := range found {
			if p[1] != strconv.Itoa(i+1) {
				t.Fatalf("%s names %s as number %d", text, p[0], i+1)
			}
		}
		if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789 ,=$<>^@()[]:") != "" {
			t.Fatalf("%s holds more than was written", text)
		}
	})
}

// However a connection string is broken, its refusal tells no password.
func FuzzRefusedURL(f *testing.F) {
	f.Add("", "x", 0)
	f.Add(" ", "x", 1)
	f.Add("@", "-1", 2)
	f.Add("%zz", "5432", 2)
	f.Add("' ", "x", 3)
	f.Add("\\ ", "x", 1)
	f.Add("`: ", "x", 4)
	f.Add("/", "70000", 2)
	f.Add("#", "5432?sslmode=none", 2)
	f.Add("\x00", "x", 5)
	f.Fuzz(func(t *testing.T, tail, port string, form int) {
		const mark = "hunter2hunter2"
		forms := []string{"host=h password=%s%s%s port=%s", "host=h password = %s%s%s port=%s", "postgres://u:%s%s%s@h:%s/db", "host=h password='%s%s%s' port=%s",
			"postgres://h/db?password=%s%s%s&port=%s", "postgresql://u:%s%s%s@h:%s,i:1/db?sslmode=require"}
		text := fmt.Sprintf(forms[max(0, form)%len(forms)], mark, tail, mark, port)
		if strings.Contains(tail+port, "=") || strings.ContainsAny(port, "'?&") {
			return // it may make another setting of what was a password
		}
		if _, err := pgx.ParseConfig(text); err == nil {
			return
		}
		db, err := Open(context.Background(), text, Options{Owner: "order"})
		if err == nil {
			db.Close()
			t.Fatalf("%q was opened", text)
		}
		if bailiwick.CodeOf(err) != bailiwick.Invalid || strings.Contains(err.Error(), mark) {
			t.Fatalf("%q is refused with %v", text, err)
		}
	})
}
