package bailiwicktest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// Log returns every message of a database's log, in order. Where messages get their
// place in the log after commit, the database has to run, and be settled.
func Log(t testing.TB, db *store.DB) []*bailiwick.Message {
	t.Helper()
	state, err := db.Log().State(t.Context())
	must(t, err)
	if state.Staged > 0 {
		t.Fatalf("%d messages of %s have no place in the log yet: run the database, and settle", state.Staged, db.Owner())
	}
	feed, err := db.Log().Feed(t.Context(), store.Subscriber{Name: "bailiwicktest", BestEffort: true})
	must(t, err)
	var list []*bailiwick.Message
	for at := (bailiwick.Position{}); at.Seq < state.Head; {
		batch, err := feed.Read(t.Context(), at, 1000)
		must(t, err)
		list = append(list, batch.Messages...)
		at = batch.Through
	}
	return list
}

// Published returns the data of every message of a type in a database's log, in order.
// It fails the test if one is no T.
func Published[T any](t testing.TB, db *store.DB, typ string) []T {
	t.Helper()
	var list []T
	for _, m := range Log(t, db) {
		if m.Type != typ {
			continue
		}
		var data T
		if err := json.Unmarshal(m.Data, &data); err != nil {
			t.Fatalf("message %d of %s, %s: %v in %s", m.Seq, m.Log, typ, err, m.Data)
		}
		list = append(list, data)
	}
	return list
}

// WantPublished fails the test unless the messages of a type in a database's log are
// these, in this order, and none besides. No want means that there is none.
func WantPublished[T any](t testing.TB, db *store.DB, typ string, want ...T) {
	t.Helper()
	got := Published[T](t, db, typ)
	if len(got) == len(want) && (len(got) == 0 || reflect.DeepEqual(got, want)) {
		return
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%s was published %d times, want %d:", typ, len(got), len(want))
	for _, data := range want {
		fmt.Fprintf(&text, "\n  want %s", asJSON(data))
	}
	text.WriteString("\nthe log of " + db.Owner() + " holds")
	log := Log(t, db)
	if len(log) == 0 {
		text.WriteString(" nothing")
	}
	for _, m := range log {
		fmt.Fprintf(&text, "\n  %3d  %s  %s  %s", m.Seq, m.Type, m.Key, m.Data)
	}
	t.Error(text.String())
}

func asJSON(data any) string {
	text, err := json.Marshal(data)
	if err != nil {
		return fmt.Sprintf("%+v", data)
	}
	return string(text)
}
