package bailiwick

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// However the clock goes, ids sort in the order in which they were made, and none
// comes twice.
func TestIDsSortWhateverTheClockDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ticks := rapid.SliceOfN(rapid.Int64Range(0, 1<<40), 2, 50).Draw(t, "milliseconds")
		at := 0
		ids := IDs{Now: func() time.Time { at++; return time.UnixMilli(ticks[at-1]) }}
		last := ids.New()
		for range ticks[1:] {
			id := ids.New()
			if bytes.Compare(last[:], id[:]) >= 0 || last.String() >= id.String() {
				t.Fatalf("%s was made after %s", id, last)
			}
			if id[6]>>4 != 7 || id[8]>>6 != 2 {
				t.Fatalf("%s is no UUID of version 7", id)
			}
			last = id
		}
	})
}

// A position comes back from its JSON, and two that differ are written differently.
func TestPositionsAreWrittenFaithfully(t *testing.T) {
	position := rapid.Custom(func(t *rapid.T) Position {
		return Position{Epoch: rapid.Int64().Draw(t, "epoch"), Seq: rapid.Int64().Draw(t, "seq")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := position.Draw(t, "a"), position.Draw(t, "b")
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var again Position
		if err := json.Unmarshal(text, &again); err != nil || again != a {
			t.Fatalf("%s is read as %s, %v", text, again, err)
		}
		if (a == b) != (a.String() == b.String()) {
			t.Fatalf("%#v and %#v are written %s and %s", a, b, a, b)
		}
	})
}
