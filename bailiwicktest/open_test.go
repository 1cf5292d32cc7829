package bailiwicktest_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// Two databases of one owner have nothing in common, and both are gone with the test.
func TestOpenIsPrivate(t *testing.T) {
	onEach(t, func(t *testing.T) {
		one, other := bailiwicktest.Open(t, "till", till.Migrations), bailiwicktest.Open(t, "till", till.Migrations)
		must(t, one.Do(t.Context(), func(tx *store.Tx) error {
			_, err := tx.SQL().Exec(`INSERT INTO sale (id, state) VALUES ('s1', 'open')`)
			return err
		}))
		bailiwicktest.WantRows(t, one, `SELECT id, state FROM sale`, "s1 open")
		bailiwicktest.WantRows(t, other, `SELECT id, state FROM sale`)
	})
}

func TestOpenAtAPlaceAndATime(t *testing.T) {
	clock := bailiwicktest.NewClock()
	place := filepath.Join(t.TempDir(), "mine.db")
	t.Run("first", func(t *testing.T) {
		db := bailiwicktest.Open(t, "till", nil, bailiwicktest.At(place), bailiwicktest.WithClock(clock))
		must(t, db.Do(t.Context(), func(tx *store.Tx) error { return outbox.Publish(tx, "till.sold", 1, "k", 1) }))
	})
	t.Run("second", func(t *testing.T) { // on the same file
		db := bailiwicktest.Open(t, "till", nil, bailiwicktest.At(place))
		log := bailiwicktest.Log(t, db)
		if len(log) != 1 || !log[0].Time.Equal(clock.Now()) {
			t.Errorf("the log is %+v", log)
		}
	})
	p := &probe{TB: t}
	if text := p.during(func() { bailiwicktest.Open(p, "bank", nil, bailiwicktest.At(place)) }); text == "" {
		t.Error("another's database was opened")
	}
}

// A database that stamps after commit and does not run has messages that nobody sees.
func TestLogOfADatabaseThatDoesNotRun(t *testing.T) {
	t.Setenv(bailiwicktest.Variable, server.Database(t))
	db := bailiwicktest.Open(t, "till", nil)
	must(t, db.Do(t.Context(), func(tx *store.Tx) error { return outbox.Publish(tx, "till.sold", 1, "k", 1) }))
	wantSaid(t, func(t testing.TB) { bailiwicktest.Log(t, db) }, "1 messages of till have no place in the log yet")
}

func TestClock(t *testing.T) {
	c := bailiwicktest.NewClock()
	begun := c.Now()
	early, late, now := c.After(time.Second), c.After(time.Minute), c.After(0)
	if at := <-now; !at.Equal(begun) {
		t.Errorf("no wait ended at %s", at)
	}
	c.Advance(59 * time.Second)
	if at := <-early; !at.Equal(begun.Add(59 * time.Second)) {
		t.Errorf("the first timer fired at %s", at)
	}
	select {
	case <-late:
		t.Error("a timer fired early")
	default:
	}
	c.Advance(time.Second)
	<-late
	if passed := c.Now().Sub(begun); passed != time.Minute {
		t.Errorf("%s passed", passed)
	}
}

// By hand each command is answered once, and a repeat as before.
func TestAlone(t *testing.T) {
	onEach(t, func(t *testing.T) {
		s, err := bank.New(bailiwicktest.Open(t, "bank", bank.Migrations))
		must(t, err)
		alone := bailiwicktest.NewAlone(t, s)
		for range 2 {
			reply, err := alone.Do("till", "bank.pay", "s1", "pay", sale{"s1", 5})
			if err != nil || reply.Outcome != "done" || reply.Step != "pay" || string(reply.Data) != "{}" {
				t.Errorf("the reply is %+v, %v", reply, err)
			}
		}
		bailiwicktest.WantRows(t, s.DB, entries, "s1 5")
		if reply, err := alone.Undo("till", "bank.refund", "s1", "pay", sale{"s1", 5}); err != nil || reply.Outcome != "done" {
			t.Errorf("the reply is %+v, %v", reply, err)
		}
		bailiwicktest.WantRows(t, s.DB, entries, "s1 5", "s1 -5")
		if reply, err := alone.Undo("till", "bank.refund", "s2", "pay", sale{"s2", 5}); err != nil || reply.Outcome != "done" {
			t.Errorf("the reply is %+v, %v", reply, err)
		}
		if reply, err := alone.Do("till", "bank.pay", "s2", "pay", sale{"s2", 5}); err != nil || reply.Outcome != "late" {
			t.Errorf("the reply is %+v, %v", reply, err)
		}
		if err := alone.Event("till", "bank.pay", "no command"); err == nil {
			t.Error("what is no command was taken")
		}
		p := &probe{TB: t}
		if text := p.during(func() { _ = bailiwicktest.NewAlone(p, s).Event("radio", "radio.said", 1) }); text == "" {
			t.Error("what nobody handles was taken")
		}
	})
}

// A participant that answers twice is told of.
func TestAloneCountsAnswers(t *testing.T) {
	s, err := bank.New(bailiwicktest.Open(t, "bank", bank.Migrations))
	must(t, err)
	pay := s.Follows["till"]["bank.pay"]
	s.Follows["till"]["bank.pay"] = func(tx *store.Tx, m *bailiwick.Message) error { return errors.Join(pay(tx, m), pay(tx, m)) }
	p := &probe{TB: t}
	text := p.during(func() { _, _ = bailiwicktest.NewAlone(p, s).Do("till", "bank.pay", "s1", "pay", sale{"s1", 5}) })
	if !strings.Contains(text, "step pay was answered twice") {
		t.Errorf("two answers: %q", text)
	}
}

// A refusal is stored like the participant's own: it is repeated, and what was
// refused is not taken back.
func TestRefuseGoesThroughTheBarrier(t *testing.T) {
	w := bailiwicktest.Run(t, till, bank)
	w.Break("bank", "bank.pay", bailiwicktest.Refuse("no-credit", "none"))
	release := w.Hold("till", "till.saga.reply")
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Settle()
	w.Mend("bank", "bank.pay")
	w.Advance(12 * time.Second) // it is asked again
	release()
	w.Settle()
	bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Compensated, "create do done", "pay do rejected", "create undo done")
	bailiwicktest.WantRows(t, w.DB("bank"), entries)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
