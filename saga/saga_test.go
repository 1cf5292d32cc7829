package saga_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func steps(s saga.Status) string {
	var list []string
	for _, e := range s.Log {
		list = append(list, e.Op+" "+e.Step+" "+e.Outcome)
	}
	return strings.Join(list, ", ")
}

func TestCompletes(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	want(t, "before any answer", w.status("ada"), "pending")
	w.carry(nil)
	s := w.show("ada")
	want(t, "state", s.State, saga.Completed)
	want(t, "log", steps(s), "do create done, do hotel done, do flight done, do confirm done, do pay done")
	want(t, "trip", w.status("ada"), "confirmed")
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked paid]")
	want(t, "flight", w.bookings(w.flight, "ada"), "[booked]")
	want(t, "what the hotel replied", strings.Contains(string(s.Data), "room 7"), true)
	for _, e := range s.Log {
		if e.Ended == nil || e.Begun.IsZero() {
			t.Errorf("step %s has no times", e.Step)
		}
	}
}

// A refusal takes back what was done, in reverse order, and what the refusing
// participant wrote is undone.
func TestRefusalCompensatesInReverse(t *testing.T) {
	w := newWorld(t)
	w.refuse["flight.book"] = true
	w.start("ada")
	w.carry(nil)
	s := w.show("ada")
	want(t, "state", s.State, saga.Compensated)
	want(t, "log", steps(s), "do create done, do hotel done, do flight rejected, undo hotel done, undo create done")
	want(t, "trip", w.status("ada"), "cancelled: full")
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked cancelled]")
	want(t, "flight", w.bookings(w.flight, "ada"), "[]")
	want(t, "reason", s.Reason, "rejected: full: no place for ada")
}

// Every message delivered twice has the effects of one.
func TestRepeatsChangeNothing(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		w := newWorld(t)
		w.refuse["flight.book"] = refuse
		w.start("ada")
		w.carry(func(m *bailiwick.Message) bool {
			if err := w.deliver(m); err != nil {
				t.Fatal(err)
			}
			return true
		})
		if refuse {
			want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked cancelled]")
			want(t, "state", w.show("ada").State, saga.Compensated)
		} else {
			want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked paid]")
			want(t, "state", w.show("ada").State, saga.Completed)
		}
	}
}

// A lost reply is asked for again, and the participant answers from its barrier.
func TestLostReplyIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	w.carry(func(m *bailiwick.Message) bool { return m.Type != "travel.saga.reply" })
	want(t, "state", w.show("ada").State, saga.Running)
	w.restart() // what is awaited is in the database, not in memory
	w.tick(11 * time.Second)
	w.carry(nil)
	s := w.show("ada")
	want(t, "state", s.State, saga.Completed)
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked paid]")
	want(t, "attempts", s.Log[1].Attempts, 2)
}

// Timers wait for their time, and back off.
func TestCommandIsNotRepeatedEarly(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	lost := func(*bailiwick.Message) bool { return false }
	w.carry(lost)
	for _, c := range []struct {
		after    time.Duration
		attempts int
	}{{9 * time.Second, 1}, {2 * time.Second, 2}, {19 * time.Second, 2}, {2 * time.Second, 3}} {
		w.tick(c.after)
		w.carry(lost)
		want(t, fmt.Sprintf("attempts after another %v", c.after), w.show("ada").Log[1].Attempts, c.attempts)
	}
}

// A step that never answers before the pivot is taken back together with the
// others: unknown may mean done.
func TestSilenceBeforePivotCompensates(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	silent := func(m *bailiwick.Message) bool {
		return !(m.Type == "travel.saga.reply" && strings.Contains(string(m.Data), `"step":"flight","op":"do"`))
	}
	w.carry(silent)
	for range 4 {
		w.tick(5 * time.Minute)
		w.carry(silent)
	}
	s := w.show("ada")
	want(t, "state", s.State, saga.Compensated)
	want(t, "log", steps(s), "do create done, do hotel done, do flight unknown, undo flight done, undo hotel done, undo create done")
	want(t, "flight", w.bookings(w.flight, "ada"), "[booked cancelled]")
	want(t, "trip", w.status("ada"), "cancelled: no-answer")
}

// A step that was refused, and whose refusal was lost, is compensated with the
// others; its participant knows that there is nothing to take back.
func TestLostRefusalTakesNothingBack(t *testing.T) {
	w := newWorld(t)
	w.refuse["flight.book"] = true
	w.start("ada")
	silent := func(m *bailiwick.Message) bool {
		return !(m.Type == "travel.saga.reply" && strings.Contains(string(m.Data), `"outcome":"rejected"`))
	}
	w.carry(silent)
	for range 4 {
		w.tick(5 * time.Minute)
		w.carry(silent)
	}
	want(t, "state", w.show("ada").State, saga.Compensated)
	want(t, "flight", w.bookings(w.flight, "ada"), "[]")
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked cancelled]")
}

// Past the pivot nothing is taken back: a refusal or silence parks the saga with
// its reason, and a person has it retried.
func TestPastPivotParksAndRetries(t *testing.T) {
	for _, how := range []string{"refused", "silent"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.start("ada")
			deaf := func(m *bailiwick.Message) bool { return how == "refused" || m.Type != "hotel.pay" }
			w.refuse["hotel.pay"] = how == "refused"
			w.carry(deaf)
			for range 3 {
				w.tick(5 * time.Minute)
				w.carry(deaf)
			}
			s := w.show("ada")
			want(t, "state", s.State, saga.Parked)
			want(t, "trip", w.status("ada"), "confirmed")
			if !strings.Contains(s.Reason, "pay") {
				t.Errorf("the reason %q does not name the step", s.Reason)
			}
			if how == "refused" {
				return // the stored refusal is the participant's last word
			}
			if err := saga.Retry(context.Background(), w.travel, "ada"); err != nil {
				t.Fatal(err)
			}
			w.tick(time.Second)
			w.carry(nil)
			want(t, "state after retry", w.show("ada").State, saga.Completed)
			want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked paid]")
		})
	}
}

// An answer that comes after the saga was parked for want of it moves it on.
func TestLateAnswerUnparks(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	var kept []*bailiwick.Message
	slow := func(m *bailiwick.Message) bool {
		if m.Type == "travel.saga.reply" && strings.Contains(string(m.Data), `"step":"pay"`) {
			kept = append(kept, m)
			return false
		}
		return true
	}
	w.carry(slow)
	for range 3 {
		w.tick(5 * time.Minute)
		w.carry(slow)
	}
	want(t, "state", w.show("ada").State, saga.Parked)
	if err := w.deliver(kept[0]); err != nil {
		t.Fatal(err)
	}
	want(t, "state", w.show("ada").State, saga.Completed)
}

// A compensation that overtakes its action blocks it; the late action does
// nothing and is answered as late.
func TestCompensationBeforeAction(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	var late *bailiwick.Message
	w.carry(func(m *bailiwick.Message) bool {
		if m.Type == "hotel.book" {
			late = m
			return false
		}
		return true
	})
	err := w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return w.orchestrator.Cancel(tx, "ada", saga.Rejection{Reason: "changed-mind"})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.carry(nil)
	want(t, "state", w.show("ada").State, saga.Compensated)
	want(t, "hotel, null compensation", w.bookings(w.hotel, "ada"), "[]")
	before := w.at[w.hotel]
	if err := w.deliver(late); err != nil {
		t.Fatal(err)
	}
	want(t, "hotel, late action", w.bookings(w.hotel, "ada"), "[]")
	replies := w.log(w.hotel, before)
	if len(replies) != 1 || !strings.Contains(string(replies[0].Data), `"outcome":"late"`) {
		t.Errorf("a late action must be answered as late, got %v", replies)
	}
	w.carry(nil)
	want(t, "trip", w.status("ada"), "cancelled: changed-mind")
}

// Cancelling and the pivot compete: after the pivot a cancel is refused.
func TestCancelAfterPivotIsRefused(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	w.carry(func(m *bailiwick.Message) bool { return m.Type != "hotel.pay" })
	err := w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return w.orchestrator.Cancel(tx, "ada", saga.Rejection{Reason: "changed-mind"})
	})
	want(t, "code", bailiwick.CodeOf(err), bailiwick.Conflict)
	want(t, "trip", w.status("ada"), "confirmed")
}

// A participant's failure is neither done nor refused: nothing of it remains, and
// the saga waits.
func TestFailureIsNotARefusal(t *testing.T) {
	w := newWorld(t)
	w.fail["hotel.book"] = true
	w.start("ada")
	w.carry(nil)
	want(t, "state", w.show("ada").State, saga.Running)
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[]")
	w.fail["hotel.book"] = false
	w.tick(11 * time.Second)
	w.carry(nil)
	want(t, "state", w.show("ada").State, saga.Completed)
}

// A compensation that is refused parks the saga: half taken back is for a person.
func TestRefusedCompensationParks(t *testing.T) {
	w := newWorld(t)
	w.refuse["flight.book"], w.refuse["hotel.cancel"] = true, true
	w.start("ada")
	w.carry(nil)
	want(t, "state", w.show("ada").State, saga.Parked)
	want(t, "trip", w.status("ada"), "pending")
	if err := saga.Resolve(context.Background(), w.travel, "ada", saga.Compensated, ""); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("resolving without a reason: got %v", err)
	}
	if err := saga.Resolve(context.Background(), w.travel, "ada", saga.Compensated, "room sold by phone"); err != nil {
		t.Fatal(err)
	}
	s := w.show("ada")
	want(t, "state", s.State, saga.Compensated)
	want(t, "last entry", s.Log[len(s.Log)-1].Reason, "room sold by phone")
}

// The start commits with the initiator's transaction, or not at all.
func TestStartBelongsToItsTransaction(t *testing.T) {
	w := newWorld(t)
	err := w.travel.Do(context.Background(), func(tx *store.Tx) error {
		if err := w.trips.Start(tx, "ada", "ada", &trip{Guest: "ada"}); err != nil {
			return err
		}
		return errDown
	})
	if err != errDown {
		t.Fatal(err)
	}
	if _, err := saga.Show(context.Background(), w.travel, "ada"); bailiwick.CodeOf(err) != bailiwick.NotFound {
		t.Errorf("got %v, want not_found", err)
	}
	want(t, "messages", len(w.log(w.travel, 0)), 0)
}

// Two sagas of one id are a conflict, and ids that could be confused are two.
func TestIDs(t *testing.T) {
	w := newWorld(t)
	w.start("order-1")
	w.start("order-10")
	err := w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return w.trips.Start(tx, "order-1", "x", &trip{Guest: "other"})
	})
	want(t, "code", bailiwick.CodeOf(err), bailiwick.Conflict)
	err = w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return w.trips.Start(tx, "a/b", "x", &trip{Guest: "other"})
	})
	want(t, "code", bailiwick.CodeOf(err), bailiwick.Invalid)
	w.carry(nil)
	for _, id := range []string{"order-1", "order-10"} {
		want(t, id, w.bookings(w.hotel, id), "[booked paid]")
	}
	list, err := saga.List(context.Background(), w.travel, saga.Filter{States: []string{saga.Completed}})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "completed", len(list), 2)
}

// A wall clock that jumps holds the timers; the saga is not sent into
// compensation by it.
func TestClockJumpHoldsTimers(t *testing.T) {
	w := newWorld(t)
	mono := time.Duration(0)
	w.orchestrator = saga.New(w.travel, saga.Options{Monotonic: func() time.Duration { return mono }})
	if _, err := saga.Register(w.orchestrator, w.def); err != nil {
		t.Fatal(err)
	}
	w.start("ada")
	w.carry(func(*bailiwick.Message) bool { return false })
	w.tick(24 * time.Hour) // by the wall; the monotonic clock stands
	want(t, "attempts after the jump", w.show("ada").Log[1].Attempts, 1)
}

func TestDefinitionsAreChecked(t *testing.T) {
	local := func(*store.Tx, *trip) error { return nil }
	ask := func(*store.Tx, *trip) (any, error) { return nil, nil }
	for name, def := range map[string]saga.Definition[trip]{
		"no name":         {Steps: []saga.Step[trip]{{Name: "a", Local: local}}},
		"no steps":        {Name: "x"},
		"two of a name":   {Name: "x", Steps: []saga.Step[trip]{{Name: "a", Local: local}, {Name: "a", Local: local}}},
		"neither":         {Name: "x", Steps: []saga.Step[trip]{{Name: "a"}}},
		"both":            {Name: "x", Steps: []saga.Step[trip]{{Name: "a", Local: local, Command: "c", Request: ask}}},
		"two pivots":      {Name: "x", Steps: []saga.Step[trip]{{Name: "a", Local: local, Pivot: true}, {Name: "b", Local: local, Pivot: true}}},
		"undo past pivot": {Name: "x", Steps: []saga.Step[trip]{{Name: "a", Local: local, Pivot: true}, {Name: "b", Command: "c", Undo: "d", Request: ask}}},
		"skippable pivot": {Name: "x", Steps: []saga.Step[trip]{{Name: "a", Local: local, Pivot: true, When: func(*trip) bool { return true }}}},
		"separator":       {Name: "x/y", Steps: []saga.Step[trip]{{Name: "a", Local: local}}},
	} {
		w := newWorld(t)
		if _, err := saga.Register(w.orchestrator, def); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%s: got %v, want invalid", name, err)
		}
	}
}

// Whatever is lost or repeated, whichever participant refuses, every saga ends,
// and its effects fit how it ended.
func TestEveryEndingFits(t *testing.T) {
	seed := uint64(1)
	random := func(n uint64) uint64 { // xorshift: the same run every time
		seed ^= seed << 13
		seed ^= seed >> 7
		seed ^= seed << 17
		return seed % n
	}
	w := newWorld(t, func(d *saga.Definition[trip]) { d.Steps[4].Attempts = 50; d.Steps[1].Attempts = 50 })
	var guests []string
	for i := range 40 {
		guest := fmt.Sprintf("guest-%d", i)
		guests = append(guests, guest)
		w.start(guest)
	}
	rough := func(m *bailiwick.Message) bool {
		w.refuse["flight.book"] = random(4) == 0
		w.fail["hotel.book"] = random(5) == 0
		w.fail["hotel.cancel"] = random(5) == 0
		if random(6) == 0 {
			if err := w.deliver(m); err != nil && err != errDown {
				t.Fatal(err)
			}
		}
		return random(4) != 0
	}
	for range 60 {
		w.carry(rough)
		w.tick(5 * time.Minute)
		if random(7) == 0 {
			w.restart()
		}
	}
	clear(w.refuse)
	clear(w.fail)
	for range 10 {
		w.carry(nil)
		w.tick(5 * time.Minute)
	}
	endings := map[string]int{}
	for _, guest := range guests {
		s := w.show(guest)
		endings[s.State]++
		hotel, flight := w.bookings(w.hotel, guest), w.bookings(w.flight, guest)
		switch s.State {
		case saga.Completed:
			want(t, guest+" hotel", hotel, "[booked paid]")
			want(t, guest+" flight", flight, "[booked]")
			want(t, guest, w.status(guest), "confirmed")
		case saga.Compensated:
			if !slices.Equal(hotel, []string{"booked", "cancelled"}) && len(hotel) > 0 {
				t.Errorf("%s hotel: %v", guest, hotel)
			}
			if !slices.Equal(flight, []string{"booked", "cancelled"}) && len(flight) > 0 {
				t.Errorf("%s flight: %v", guest, flight)
			}
		default:
			t.Errorf("%s is %s: %s", guest, s.State, s.Reason)
		}
	}
	if endings[saga.Completed] == 0 || endings[saga.Compensated] == 0 {
		t.Errorf("the run shows only one ending: %v", endings)
	}
}

// A saga that somebody else moved is found out: the answer fails, nothing of it
// remains, and when it comes again it meets the saga as it is.
func TestRememberedSagaIsNotTrusted(t *testing.T) {
	w := newWorld(t)
	w.start("ada")
	var answer *bailiwick.Message
	w.carry(func(m *bailiwick.Message) bool {
		if m.Type == "travel.saga.reply" {
			answer = m
			return false
		}
		return true
	})
	other := saga.New(w.travel, saga.Options{})
	if _, err := saga.Register(other, w.def); err != nil {
		t.Fatal(err)
	}
	err := w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return other.Cancel(tx, "ada", saga.Rejection{Reason: "changed-mind"})
	})
	if err != nil {
		t.Fatal(err)
	}
	want(t, "code", bailiwick.CodeOf(w.deliver(answer)), bailiwick.Conflict)
	if err := w.deliver(answer); err != nil {
		t.Fatal(err)
	}
	w.carry(nil)
	want(t, "state", w.show("ada").State, saga.Compensated)
	want(t, "hotel", w.bookings(w.hotel, "ada"), "[booked cancelled]")
	want(t, "flight", w.bookings(w.flight, "ada"), "[]")
}

// Nor does what is remembered decide that an answer is old: a saga that another
// moved on takes the next answer at once.
func TestRememberedSagaDropsNoAnswer(t *testing.T) {
	w := newWorld(t)
	w.start("ada") // remembered as it waits for the hotel
	other := saga.New(w.travel, saga.Options{})
	if _, err := saga.Register(other, w.def); err != nil {
		t.Fatal(err)
	}
	first := w.orchestrator
	w.carry(func(m *bailiwick.Message) bool {
		w.orchestrator = other
		if strings.Contains(string(m.Data), `"step":"flight","op":"do","outcome"`) {
			w.orchestrator = first
		}
		return m.Type != "hotel.pay"
	})
	want(t, "trip", w.status("ada"), "confirmed")
}

// What a state holds outside its JSON is gone after the step that put it there,
// whether the saga is remembered or read: else a program would find out at its
// first restart.
func TestStateIsItsJSON(t *testing.T) {
	type state struct {
		Kept string `json:"kept"`
		lost string
	}
	w := newWorld(t)
	var seen []string
	look := func(tx *store.Tx, s *state) (any, error) {
		seen = append(seen, s.Kept+s.lost)
		return request{Guest: "ada"}, nil
	}
	sagas, err := saga.Register(w.orchestrator, saga.Definition[state]{Name: "states", Steps: []saga.Step[state]{
		{Name: "hotel", Command: "hotel.book", Request: look},
		{Name: "flight", Command: "flight.book", Request: look},
	}})
	if err != nil {
		t.Fatal(err)
	}
	err = w.travel.Do(context.Background(), func(tx *store.Tx) error {
		return sagas.Start(tx, "ada", "ada", &state{Kept: "kept", lost: " and lost"})
	})
	if err != nil {
		t.Fatal(err)
	}
	w.carry(nil)
	want(t, "what the steps saw", seen, "[kept and lost kept]")
}
