package guest_test

import (
	"fmt"
	"log"
	"slices"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// A service that only follows others needs no log.
func Example() {
	schema, err := sqlite.Schema()
	if err != nil {
		log.Fatal(err)
	}
	list, err := schema.Print(guest.Wanted{For: guest.Inbox})
	if err != nil {
		log.Fatal(err)
	}
	for _, st := range list {
		if st.Creates() {
			fmt.Println(st.Table)
		}
	}
	// Output:
	// bailiwick_meta
	// bailiwick_migrations
	// bailiwick_commit
	// bailiwick_positions
	// bailiwick_claims
	// bailiwick_records
	// bailiwick_leases
}

// The parts of both engines, taken together, are their whole schema, and the parts
// beside one another repeat nothing.
func TestPartsAreTheWhole(t *testing.T) {
	for name, of := range map[string]func() (guest.Schema, error){"postgres": postgres.Schema, "sqlite": sqlite.Schema} {
		schema, err := of()
		if err != nil {
			t.Fatal(err)
		}
		print := func(w guest.Wanted) (texts []string) {
			t.Helper()
			list, err := schema.Print(w)
			if err != nil {
				t.Fatalf("%s %+v: %v", name, w, err)
			}
			for _, st := range list {
				texts = append(texts, st.Text)
			}
			slices.Sort(texts)
			return texts
		}
		whole := print(guest.Wanted{For: guest.Saga})
		var text string
		for _, m := range schema.Migrations {
			text += schema.Ledger + m.SQL
		}
		for _, st := range whole {
			text = strings.Replace(text, st+";", "", 1)
		}
		if left := strings.TrimSpace(text); left != "" {
			t.Errorf("%s: nobody gets\n%s", name, left)
		}
		for _, way := range [][2]guest.Parts{{guest.Outbox, guest.Inbox}, {guest.Inbox, guest.Outbox}, {guest.Outbox, guest.Saga}} {
			both := slices.Concat(print(guest.Wanted{For: way[0]}), print(guest.Wanted{For: way[1], Beside: way[0]}))
			slices.Sort(both)
			if !slices.Equal(both, whole) {
				t.Errorf("%s: %s and then %s make %d statements, saga alone %d", name, way[0], way[1], len(both), len(whole))
			}
		}
		tables, err := schema.Tables(guest.Saga)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Check("test", guest.Saga, tables); err != nil {
			t.Errorf("%s does not fit itself: %v", name, err)
		}
	}
}

// later is a schema that has grown: a column and a table came with version 2.
func later() guest.Schema {
	return guest.Schema{
		Engine: "toy", Now: "0",
		Migrations: []store.Migration{
			{Version: 1, Name: "first", SQL: `-- A log; it's "all".
CREATE TABLE bailiwick_log (
	seq BIGINT PRIMARY KEY, -- a place; the first is 1
	note TEXT NOT NULL DEFAULT ';',
	amount BIGINT CHECK (amount IN (1, 2))
) WITH (fill = 1, other = 2);
CREATE TABLE bailiwick_meta (a TEXT, b TEXT, PRIMARY KEY (a, b));
CREATE TABLE bailiwick_claims (a TEXT PRIMARY KEY);`},
			{Version: 2, Name: "second", SQL: `ALTER TABLE bailiwick_log ADD COLUMN trace TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX bailiwick_log_trace ON bailiwick_log (trace);`},
		},
		Needs: map[string]guest.Parts{"bailiwick_log": guest.Outbox, "bailiwick_claims": guest.Inbox},
	}
}

func TestTablesAsTheyHaveGrown(t *testing.T) {
	tables, err := later().Tables(guest.Outbox)
	if err != nil {
		t.Fatal(err)
	}
	const want = "[{bailiwick_log [{seq bigint true false false false} {note text false true true false} {amount bigint false false false false} " +
		"{trace text false true true false}] [bailiwick_log_trace]} {bailiwick_meta [{a text true false false false} {b text true false false false}] []}]"
	if got := fmt.Sprint(tables); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whoever has version 1 is given what came since, and no more.
func TestPrintSince(t *testing.T) {
	list, err := later().Print(guest.Wanted{For: guest.Outbox, Since: 1})
	if err != nil {
		t.Fatal(err)
	}
	var about []string
	for _, st := range list {
		about = append(about, fmt.Sprint(st.Version, " ", st.Table, " ", st.Creates()))
	}
	if want := []string{"2 bailiwick_log false", "2 bailiwick_log false", "2 bailiwick_migrations false"}; !slices.Equal(about, want) {
		t.Errorf("got %q, want %q", about, want)
	}
	for _, w := range []guest.Wanted{{For: guest.Outbox, Since: 3}, {For: guest.Outbox, Since: -1}, {For: "outbox,"}, {}, {For: guest.Inbox, Beside: "x"}} {
		if _, err := later().Print(w); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%+v: got %v, want invalid", w, err)
		}
	}
}

// A schema that cannot be taken apart is a fault that its engine's tests find.
func TestStatementsThatNobodyKnows(t *testing.T) {
	for _, text := range []string{"CREATE TABLE bailiwick_a (b TEXT)", "VACUUM;", "INSERT INTO bailiwick_a VALUES ('b);", "CREATE TABLE a (b TEXT); rest"} {
		schema := guest.Schema{Migrations: []store.Migration{{Version: 1, Name: "a", SQL: text}}}
		if _, err := schema.Print(guest.Wanted{For: guest.Saga}); bailiwick.CodeOf(err) != bailiwick.Internal {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
