package saga_test

import (
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/saga"
)

// Programs of two versions are at work together: a field that one of them does not
// know is nothing to it, and what has a newer schema version it leaves to the newer
// program, without any effect.
func TestNewerMessagesAreLeftToNewerPrograms(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	refused := 0
	w.carry(func(m *bailiwick.Message) bool {
		newer := *m
		newer.Version = 2
		newer.Data = []byte(strings.Replace(string(m.Data), `{`, `{"since_version_2":true,`, 1))
		before := len(w.show("ada").Log)
		if err := w.deliver(&newer); err != nil {
			refused++
			want(t, m.Type, bailiwick.CodeOf(err), bailiwick.Poison)
		} else if m.Type == "hotel.book" || m.Type == "travel.saga.reply" {
			t.Errorf("%s of a newer schema version was taken", m.Type)
		}
		want(t, "entries", len(w.show("ada").Log), before)
		m.Data = newer.Data // the same version, and a field more
		return true
	})
	want(t, "state", w.show("ada").State, saga.Completed)
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked paid]")
	if refused < 6 {
		t.Errorf("%d messages were refused; there are three commands and their replies", refused)
	}
}
