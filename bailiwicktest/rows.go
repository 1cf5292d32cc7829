package bailiwicktest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// Rows returns what a query on a service's own tables yields, one line for each row:
// the columns with a blank between them, NULL for none. Placeholders are ?.
func Rows(t testing.TB, db *store.DB, query string, args ...any) []string {
	t.Helper()
	var list []string
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		list = nil
		rows, err := tx.SQL().Query(query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		values, places := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			places[i] = &values[i]
		}
		for rows.Next() {
			if err := rows.Scan(places...); err != nil {
				return err
			}
			list = append(list, line(values))
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return list
}

func line(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			texts[i] = "NULL"
		case []byte:
			texts[i] = string(v)
		default:
			texts[i] = fmt.Sprint(v)
		}
	}
	return strings.Join(texts, " ")
}

// WantRows fails the test unless a query yields these lines, in this order; see
// [Rows]. No want means that there are none.
func WantRows(t testing.TB, db *store.DB, query string, want ...string) {
	t.Helper()
	if got := Rows(t, db, query); !slices.Equal(got, want) {
		t.Errorf("%s yields\n  %s\nwant\n  %s", query, orNothing(got), orNothing(want))
	}
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "(nothing)"
	}
	return strings.Join(list, "\n  ")
}

// WantParked fails the test unless the keys that the followers in a database have set
// aside for a person are these, in this order: by follower and key. No want means that
// there are none.
func WantParked(t testing.TB, db *store.DB, want ...string) {
	t.Helper()
	all, err := follow.List(t.Context(), db)
	must(t, err)
	var got, why []string
	for _, p := range all {
		if p.State == follow.StateParked {
			got = append(got, p.Key)
			why = append(why, fmt.Sprintf("%s, %s of %s: %s", p.Key, p.Type, p.Follower, p.Error))
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has parked\n  %s\nwant\n  %s", db.Owner(), orNothing(why), orNothing(want))
	}
}
