package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var logCases = []testCase{
	// What is read back, from memory or from the table, is what was published.
	{"MessagesComeBackWhole", func(s *suite) {
		setup := s.setup()
		db, closeIt := s.openAndClose(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		cause := bailiwick.Message{ID: db.NewID(), Correlation: "c-1", Trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}
		ctx := bailiwick.WithCorrelation(s.ctx, "c-2")
		err := db.Do(ctx, func(tx *store.Tx) error {
			m := message("order.placed", "Ünï'code\"")
			m.Version, m.Data = 3, []byte{0, 1, 0xff, '\''}
			if err := tx.Publish(m); err != nil {
				return err
			}
			return tx.Handling(&cause, func() error {
				m := message("order.priced", "2")
				m.Data = nil
				return tx.Publish(m)
			})
		})
		if err != nil {
			s.Fatal(err)
		}
		live, _ := s.next(f, bailiwick.Position{}, 2)
		closeIt()
		db = s.openWith(setup)
		f = s.feed(db, store.Subscriber{Name: "payment"})
		stored, _ := s.next(f, bailiwick.Position{}, 2)
		for i := range live {
			a, b := *live[i], *stored[i]
			if !bytes.Equal(a.Data, b.Data) || !a.Time.Equal(b.Time) {
				s.Errorf("message %d: data %v, %v; time %v, %v", i, a.Data, b.Data, a.Time, b.Time)
			}
			a.Data, b.Data, a.Time, b.Time = nil, nil, time.Time{}, time.Time{}
			if !reflect.DeepEqual(a, b) {
				s.Errorf("message %d went through memory as\n%+v\nand through the table as\n%+v", i, a, b)
			}
		}
		first, second := stored[0], stored[1]
		if first.Log != "order/outbox" || first.Epoch < 1 || first.Seq != 1 || first.Version != 3 || first.Key != "Ünï'code\"" {
			s.Errorf("got %+v", first)
		}
		if first.ID.IsZero() || first.Time.IsZero() || first.Time.Location() != time.UTC {
			s.Errorf("got id %s and time %v", first.ID, first.Time)
		}
		if !bytes.Equal(first.Data, []byte{0, 1, 0xff, '\''}) || len(second.Data) != 0 {
			s.Errorf("got data %v and %v", first.Data, second.Data)
		}
		if first.Correlation != "c-2" || second.Correlation != "c-1" || second.Causation != cause.ID || second.Trace != cause.Trace {
			s.Errorf("got %+v", second)
		}
	}},
	{"EmptyLog", func(s *suite) {
		db := s.open()
		state, err := db.Log().State(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		if state.Name != "order/outbox" || state.Epoch != 1 || state.Head != 0 || state.Low != 0 || state.Staged > 0 {
			s.Errorf("got %+v", state)
		}
		if len(state.History) != 1 || state.History[0] != (bailiwick.Fork{Epoch: 1}) {
			s.Errorf("the history is %v", state.History)
		}
		f := s.feed(db, store.Subscriber{Name: "payment"})
		batch, err := f.Read(s.ctx, bailiwick.Position{}, 10)
		if err != nil || len(batch.Messages) != 0 || batch.Through.Seq != 0 {
			s.Errorf("read %v (%v)", batch, err)
		}
		ctx, cancel := context.WithTimeout(s.ctx, 20*time.Millisecond)
		defer cancel()
		if err := f.Wait(ctx, bailiwick.Position{}); !errors.Is(err, context.DeadlineExceeded) {
			s.Errorf("waiting at the head of an empty log returned %v", err)
		}
	}},
	// Reading goes on where the limit cut it, and never beyond what was asked for.
	{"PagesAreGapless", func(s *suite) {
		setup := s.setup()
		setup.Store.RingBytes = 1 // nearly everything comes from the table
		db := s.openWith(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		const n = 57
		for i := range n {
			s.publish(db, "order.placed", fmt.Sprint(i))
		}
		s.head(db, n)
		var after bailiwick.Position
		for seen := 0; seen < n; {
			batch, err := f.Read(s.ctx, after, 10)
			if err != nil {
				s.Fatal(err)
			}
			if len(batch.Messages) == 0 || len(batch.Messages) > 10 {
				s.Fatalf("a page of %d messages", len(batch.Messages))
			}
			for _, m := range batch.Messages {
				seen++
				if m.Seq != int64(seen) || m.Key != fmt.Sprint(seen-1) {
					s.Fatalf("message %d has seq %d and key %s", seen, m.Seq, m.Key)
				}
			}
			after = batch.Through
		}
	}},
	// A restart, also one after which nobody published yet, goes on in the log.
	{"RestartGoesOn", func(s *suite) {
		setup := s.setup()
		for i := range 3 {
			db, closeIt := s.openAndClose(setup)
			s.head(db, int64(2*i))
			s.publish(db, "order.placed", "1")
			s.publish(db, "order.placed", "1")
			s.head(db, int64(2*i+2))
			closeIt()
		}
		db := s.open()
		f := s.feed(db, store.Subscriber{Name: "payment"})
		msgs, _ := s.next(f, bailiwick.Position{}, 6)
		for i, m := range msgs {
			if m.Seq != int64(i+1) || m.Epoch != 1 {
				s.Errorf("message %d stands at %s", i, m.Position())
			}
		}
	}},
	// A position that the log never came to was reached in another past.
	{"PositionFromTheFutureIsForked", func(s *suite) {
		db := s.open()
		s.publish(db, "order.placed", "1")
		s.head(db, 1)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		_, err := f.Read(s.ctx, bailiwick.Position{Epoch: 1, Seq: 2}, 10)
		s.code(err, bailiwick.Forked)
		_, err = f.Read(s.ctx, bailiwick.Position{Epoch: 2, Seq: 1}, 10)
		s.code(err, bailiwick.Forked)
	}},
	{"IncompleteMessagesAreRefused", func(s *suite) {
		db := s.open()
		for _, m := range []bailiwick.Message{{Key: "1", Version: 1}, {Type: "t", Version: 1}, {Type: "t", Key: "1"}} {
			s.code(db.Do(s.ctx, func(tx *store.Tx) error { return tx.Publish(m) }), bailiwick.Invalid)
		}
	}},
	// Whoever waits is woken by the commit, not by a timer that somebody forgot.
	{"WaitIsWoken", func(s *suite) {
		db := s.open()
		f := s.feed(db, store.Subscriber{Name: "payment"})
		woken := make(chan error, 4)
		for range cap(woken) {
			go func() { woken <- f.Wait(s.ctx, bailiwick.Position{}) }()
		}
		s.publish(db, "order.placed", "1")
		for range cap(woken) {
			select {
			case err := <-woken:
				if err != nil {
					s.Fatal(err)
				}
			case <-time.After(patience):
				s.Fatal("a waiting follower was not woken")
			}
		}
	}},
}
