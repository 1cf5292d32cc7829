package guest

import (
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
)

// A schema's text is taken apart into statements that hold all of it, or refused.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"CREATE TABLE a (n INTEGER PRIMARY KEY, t TEXT DEFAULT ';');\n-- the index; of a\nCREATE INDEX b ON a (n);", "", ";", "-- nothing", "SELECT 1;", "INSERT INTO a VALUES ('it''s; so');",
		"CREATE TABLE a (", "UPDATE a SET b = '", "ALTER TABLE a ADD COLUMN b TEXT;--", "DROP TABLE \"a\";", "\xff;"} {
		f.Add(seed)
	}
	if list, err := split(1, "CREATE TABLE a (t TEXT DEFAULT ';');\n-- of a\nDROP TABLE b;\n-- the end"); err != nil || len(list) != 2 || list[1].Table != "b" {
		f.Errorf("two statements are %+v, %v", list, err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := split(1, text)
		if err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Internal || list != nil {
				t.Fatalf("%q: %v, %v", text, list, err)
			}
			return
		}
		rest := text
		for _, st := range list {
			at := strings.Index(rest, st.Text)
			if at < 0 || strings.TrimSpace(rest[:at]) != "" || st.Table == "" || st.Version != 1 {
				t.Fatalf("%q: %+v comes after %q", text, st, rest)
			}
			rest = strings.TrimSpace(rest[at+len(st.Text):])
			if !strings.HasPrefix(rest, ";") {
				t.Fatalf("%q: %+v ends before %q", text, st, rest)
			}
			rest = rest[1:]
		}
		if bare(rest) != "" {
			t.Fatalf("%q: %q is in no statement", text, rest)
		}
	})
}

// Parts are those that there are, each once, or invalid.
func FuzzParts(f *testing.F) {
	for _, seed := range []string{"outbox", "outbox,inbox", " saga , outbox", "", ",", "Outbox", "outbox;inbox", "saga,saga"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Parts(text).Parse()
		if err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Invalid {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if len(list) == 0 || len(list) > 2 || list[0] != Outbox && list[0] != Inbox || len(list) == 2 && (list[0] != Inbox || list[1] != Outbox) {
			t.Fatalf("%q names %v", text, list)
		}
	})
}
