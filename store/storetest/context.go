package storetest

import (
	"context"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var contextCases = []testCase{
	{"EndedBeforeNothingHappens", func(s *suite) {
		db := s.open()
		ctx, cancel := context.WithCancel(s.ctx)
		cancel()
		ran := false
		err := db.Do(ctx, func(*store.Tx) error { ran = true; return nil })
		s.code(err, bailiwick.Unavailable)
		if ran {
			s.Error("the closure ran")
		}
		s.code(db.Read(ctx, func(*store.Tx) error { ran = true; return nil }), bailiwick.Unavailable)
	}},
	// A caller that went away would not know what became of its change. So Do stays
	// until it does, and the change is made.
	{"EndedDuringIsNotNoticed", func(s *suite) {
		db := s.open()
		ctx, cancel := context.WithCancel(s.ctx)
		err := db.Do(ctx, func(tx *store.Tx) error {
			cancel()
			if err := s.insert(tx, "1", 3); err != nil {
				return err
			}
			return tx.Put(store.Record{Kind: "order", Key: "1", State: "new"})
		})
		if err != nil {
			s.Fatalf("the closure that ran to its end failed: %v", err)
		}
		s.states(db, "order", map[string]string{"1": "new"})
		s.total(db, 3)
	}},
	// Also for statements that were given another context: one that is interrupted
	// half-way takes the whole transaction with it.
	{"StatementsIgnoreCancellation", func(s *suite) {
		db := s.open()
		if !db.Capabilities().SQL {
			return
		}
		ended, cancel := context.WithCancel(s.ctx)
		cancel()
		s.do(db, func(tx *store.Tx) error {
			if _, err := tx.SQL().ExecContext(ended, "INSERT INTO entry (id, amount) VALUES (?, ?)", "1", 1); err != nil {
				return err
			}
			var n int
			if err := tx.SQL().QueryRowContext(ended, "SELECT count(*) FROM entry").Scan(&n); err != nil || n != 1 {
				s.Errorf("counted %d (%v)", n, err)
			}
			rows, err := tx.SQL().QueryContext(ended, "SELECT id FROM entry")
			if err != nil {
				return err
			}
			return rows.Close()
		})
		s.total(db, 1)
	}},
	// Whoever waits for its turn may leave; then nothing of it happens.
	{"EndedWhileWaiting", func(s *suite) {
		db := s.open()
		running, release := make(chan struct{}), make(chan struct{})
		first := make(chan error, 1)
		var once sync.Once
		go func() {
			first <- db.Do(s.ctx, func(tx *store.Tx) error {
				if err := tx.Lock("one"); err != nil {
					return err
				}
				once.Do(func() { close(running) })
				<-release
				return nil
			})
		}()
		<-running
		ctx, cancel := context.WithCancel(s.ctx)
		second := make(chan error, 1)
		started := make(chan struct{})
		go func() {
			close(started)
			second <- db.Do(ctx, func(tx *store.Tx) error {
				if err := tx.Lock("one"); err != nil {
					return err
				}
				return tx.Put(store.Record{Kind: "order", Key: "2", State: "new"})
			})
		}()
		<-started
		cancel()
		close(release)
		if err := <-first; err != nil {
			s.Fatal(err)
		}
		// Either it left in time, or it had begun and was carried through: what it
		// was told is what happened.
		if err := <-second; err != nil {
			s.code(err, bailiwick.Unavailable)
			s.states(db, "order", map[string]string{})
		} else {
			s.states(db, "order", map[string]string{"2": "new"})
		}
	}},
	{"ReadIsStopped", func(s *suite) {
		db := s.open()
		ctx, cancel := context.WithCancel(s.ctx)
		err := db.Read(ctx, func(tx *store.Tx) error {
			cancel()
			_, err := tx.List(store.Query{Kind: "order"})
			return err
		})
		s.code(err, bailiwick.Unavailable)
		s.states(db, "order", map[string]string{}) // and the connection is none the worse
	}},
}
