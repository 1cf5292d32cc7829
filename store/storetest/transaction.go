package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var errRefused = errors.New("refused")

var transactionCases = []testCase{
	// Promise 1: a change and its messages commit together, or neither does.
	{"ChangeAndMessagesCommitTogether", func(s *suite) {
		db := s.open()
		f := s.feed(db, store.Subscriber{Name: "payment"})
		s.do(db, func(tx *store.Tx) error {
			// A process may die at this very moment: what is not there now never will be.
			tx.AfterCommit(func() {
				log, err := db.Log().State(s.ctx)
				if err != nil || log.Staged >= 0 && log.Head+log.Staged != 2 {
					s.Errorf("the moment the change was committed the log stood at %+v (%v), with 2 messages to come", log, err)
				}
			})
			if err := tx.Put(store.Record{Kind: "order", Key: "1", State: "new"}); err != nil {
				return err
			}
			return tx.Publish(message("order.placed", "1"), message("order.priced", "1"))
		})
		msgs, _ := s.next(f, bailiwick.Position{}, 2)
		if msgs[0].Type != "order.placed" || msgs[1].Type != "order.priced" {
			s.Errorf("got %s, %s", msgs[0].Type, msgs[1].Type)
		}
		s.states(db, "order", map[string]string{"1": "new"})
	}},
	{"RollbackLeavesNothing", func(s *suite) {
		db := s.open()
		f := s.feed(db, store.Subscriber{Name: "payment"})
		err := db.Do(s.ctx, func(tx *store.Tx) error {
			if err := tx.Put(store.Record{Kind: "order", Key: "1", State: "new"}); err != nil {
				return err
			}
			if _, _, err := tx.Claim("request", "1", nil); err != nil {
				return err
			}
			if err := tx.Move(bailiwick.Position{}, store.FollowerPosition{Follower: "f", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: 1}}); err != nil {
				return err
			}
			if err := s.insert(tx, "1", 1); err != nil {
				return err
			}
			if err := tx.Publish(message("order.placed", "1")); err != nil {
				return err
			}
			return errRefused
		})
		// Callers compare errors; one that came out in a wrapper would be another.
		if err != errRefused {
			s.Fatalf("got %v, want the closure's own error", err)
		}
		s.states(db, "order", map[string]string{})
		s.total(db, 0)
		s.do(db, func(tx *store.Tx) error {
			if _, ok, err := tx.Position("f", 0); ok || err != nil {
				s.Errorf("the position is there (%v)", err)
			}
			if _, fresh, err := tx.Claim("request", "1", nil); !fresh || err != nil {
				s.Errorf("the claim is there (%v)", err)
			}
			return tx.Publish(message("order.after", "1"))
		})
		msgs, _ := s.next(f, bailiwick.Position{}, 1)
		if msgs[0].Type != "order.after" || msgs[0].Seq != 1 {
			s.Errorf("the first message is %s with seq %d", msgs[0].Type, msgs[0].Seq)
		}
	}},
	// What a savepoint undoes includes what was published in it, and nothing else.
	{"SavepointUndoesItsPartAlone", func(s *suite) {
		db := s.open()
		f := s.feed(db, store.Subscriber{Name: "payment"})
		s.do(db, func(tx *store.Tx) error {
			step := func(key string, refuse bool) error {
				return tx.Savepoint(func() error {
					if err := s.insert(tx, key, 1); err != nil {
						return err
					}
					if err := tx.Put(store.Record{Kind: "order", Key: key, State: "new"}); err != nil {
						return err
					}
					// A savepoint inside a savepoint goes with it.
					if err := tx.Savepoint(func() error { return s.insert(tx, key+"-inner", 1) }); err != nil {
						return err
					}
					if err := tx.Publish(message("order.placed", key)); err != nil {
						return err
					}
					if refuse {
						return errRefused
					}
					return nil
				})
			}
			if err := step("1", false); err != nil {
				return err
			}
			if err := step("2", true); err != errRefused {
				s.Errorf("the savepoint returned %v, want its function's own error", err)
			}
			return step("3", false)
		})
		s.states(db, "order", map[string]string{"1": "new", "3": "new"})
		s.total(db, 4)
		msgs, _ := s.next(f, bailiwick.Position{}, 2)
		if msgs[0].Key != "1" || msgs[1].Key != "3" || msgs[1].Seq != 2 {
			s.Errorf("got keys %s, %s with seqs %d, %d", msgs[0].Key, msgs[1].Key, msgs[0].Seq, msgs[1].Seq)
		}
	}},
	// A statement that fails must not take along what stood before its savepoint:
	// PostgreSQL aborts the whole transaction otherwise.
	{"SavepointSurvivesFailedStatement", func(s *suite) {
		db := s.open()
		if !db.Capabilities().SQL {
			return
		}
		s.do(db, func(tx *store.Tx) error {
			if err := s.insert(tx, "1", 5); err != nil {
				return err
			}
			err := tx.Savepoint(func() error { return s.insert(tx, "1", 6) })
			if err == nil {
				s.Error("the same primary key was inserted twice")
			}
			return s.insert(tx, "2", 7)
		})
		s.total(db, 12)
	}},
	{"AfterCommitRunsOnce", func(s *suite) {
		db := s.open()
		var ran, undone atomic.Int32
		s.do(db, func(tx *store.Tx) error {
			tx.AfterCommit(func() {
				ran.Add(1)
				s.states(db, "order", map[string]string{"1": "new"}) // it is committed already
			})
			_ = tx.Savepoint(func() error {
				tx.AfterCommit(func() { undone.Add(1) })
				return errRefused
			})
			return tx.Put(store.Record{Kind: "order", Key: "1", State: "new"})
		})
		_ = db.Do(s.ctx, func(tx *store.Tx) error {
			tx.AfterCommit(func() { undone.Add(1) })
			return errRefused
		})
		if ran.Load() != 1 || undone.Load() != 0 {
			s.Errorf("it ran %d times, and %d times for what was undone", ran.Load(), undone.Load())
		}
	}},
	// A panic is the caller's: it must find its way there, undo the transaction and
	// leave the database in working order.
	{"PanicReachesTheCaller", func(s *suite) {
		db := s.open()
		func() {
			defer func() {
				if p := recover(); p != "broken" {
					s.Errorf("recovered %v", p)
				}
			}()
			_ = db.Do(s.ctx, func(tx *store.Tx) error {
				if err := tx.Put(store.Record{Kind: "order", Key: "1", State: "new"}); err != nil {
					return err
				}
				panic("broken")
			})
			s.Error("the panic was swallowed")
		}()
		s.states(db, "order", map[string]string{})
		s.publish(db, "order.placed", "1")
	}},
	{"ReadCannotWrite", func(s *suite) {
		db := s.open()
		for name, write := range map[string]func(*store.Tx) error{
			"put":    func(tx *store.Tx) error { return tx.Put(store.Record{Kind: "order", Key: "1", State: "new"}) },
			"claim":  func(tx *store.Tx) error { _, _, err := tx.Claim("request", "1", nil); return err },
			"answer": func(tx *store.Tx) error { return tx.Answer("request", "1", []byte("yes")) },
			"move": func(tx *store.Tx) error {
				return tx.Move(bailiwick.Position{}, store.FollowerPosition{Follower: "f", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: 1}})
			},
			"publish": func(tx *store.Tx) error { return tx.Publish(message("order.placed", "1")) },
			"sql": func(tx *store.Tx) error {
				if tx.SQL() == nil {
					return errRefused
				}
				return s.insert(tx, "1", 1)
			},
		} {
			if err := db.Read(s.ctx, write); err == nil {
				s.Errorf("%s succeeded in a read-only snapshot", name)
			}
		}
		s.states(db, "order", map[string]string{})
		s.total(db, 0)
	}},
	// Two reads of one snapshot agree, whatever commits between them.
	{"ReadIsOneSnapshot", func(s *suite) {
		db := s.open()
		s.read(db, func(tx *store.Tx) error {
			before, err := tx.List(store.Query{Kind: "order"})
			if err != nil {
				return err
			}
			s.do(db, func(tx *store.Tx) error { return tx.Put(store.Record{Kind: "order", Key: "1", State: "new"}) })
			after, err := tx.List(store.Query{Kind: "order"})
			if len(before) != 0 || len(after) != 0 {
				s.Errorf("the snapshot shows %d records, then %d", len(before), len(after))
			}
			return err
		})
		s.states(db, "order", map[string]string{"1": "new"}) // and what was committed is seen at once
	}},
	{"ReadReturnsItsError", func(s *suite) {
		db := s.open()
		if err := db.Read(s.ctx, func(*store.Tx) error { return errRefused }); err != errRefused {
			s.Errorf("got %v, want the closure's own error", err)
		}
	}},
	// Read, add, write back, by many at once: with the lock nothing is lost, and the
	// closure runs until it went through.
	{"LockExcludes", func(s *suite) {
		db := s.open()
		s.do(db, func(tx *store.Tx) error { return tx.Put(store.Record{Kind: "counter", Key: "1", State: "0"}) })
		const writers, each = 8, 10
		s.parallel(writers, func(int) error {
			for range each {
				err := db.Do(s.ctx, func(tx *store.Tx) error {
					if err := tx.Lock("counter/1"); err != nil {
						return err
					}
					r, _, err := tx.Get("counter", "1")
					if err != nil {
						return err
					}
					var n int
					if _, err := fmt.Sscan(r.State, &n); err != nil {
						return err
					}
					r.State = fmt.Sprint(n + 1)
					return tx.Put(r)
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		s.states(db, "counter", map[string]string{"1": fmt.Sprint(writers * each)})
	}},
	{"ClosedIsClosed", func(s *suite) {
		db, closeIt := s.openAndClose(s.setup())
		closeIt()
		s.code(db.Do(s.ctx, func(*store.Tx) error { return nil }), bailiwick.Closed)
		s.code(db.Read(s.ctx, func(*store.Tx) error { return nil }), bailiwick.Closed)
		_, err := db.Log().State(s.ctx)
		s.code(err, bailiwick.Closed)
		_, err = db.Lease(s.ctx, "job", "me", patience)
		s.code(err, bailiwick.Closed)
		if err := db.Close(); err != nil {
			s.Errorf("closing again: %v", err)
		}
	}},
	// Close must not pull the file from under a transaction that runs.
	{"CloseWaits", func(s *suite) {
		db, closeIt := s.openAndClose(s.setup())
		running, release := make(chan struct{}), make(chan struct{})
		outcome := make(chan error, 1)
		var once sync.Once
		go func() {
			outcome <- db.Do(s.ctx, func(tx *store.Tx) error {
				once.Do(func() { close(running) })
				<-release
				return tx.Put(store.Record{Kind: "order", Key: "1", State: "new"})
			})
		}()
		<-running
		go close(release)
		closeIt()
		if err := <-outcome; err != nil {
			s.Fatalf("the running transaction failed: %v", err)
		}
		s.states(s.open(), "order", map[string]string{"1": "new"})
	}},
}

// states compares the states of all records of a kind.
func (s *suite) states(db *store.DB, kind string, want map[string]string) {
	s.Helper()
	var list []store.Record
	s.read(db, func(tx *store.Tx) error {
		var err error
		list, err = tx.List(store.Query{Kind: kind})
		return err
	})
	got := map[string]string{}
	for _, r := range list {
		got[r.Key] = r.State
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("records are %v, want %v", got, want)
	}
}

// insert writes a row of the service's own table, where the engine has such.
func (s *suite) insert(tx *store.Tx, id string, amount int) error {
	if tx.SQL() == nil {
		return nil
	}
	_, err := tx.SQL().Exec("INSERT INTO entry (id, amount) VALUES (?, ?)", id, amount)
	return err
}

// total compares the sum of the amounts in that table.
func (s *suite) total(db *store.DB, want int) {
	s.Helper()
	if !db.Capabilities().SQL {
		return
	}
	s.read(db, func(tx *store.Tx) error {
		var got int
		err := tx.SQL().QueryRow("SELECT coalesce(sum(amount), 0) FROM entry").Scan(&got)
		if err == nil && got != want {
			s.Errorf("the amounts add up to %d, want %d", got, want)
		}
		return err
	})
}

// parallel runs fn n times at once; all must succeed.
func (s *suite) parallel(n int, fn func(i int) error) {
	s.Helper()
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- fn(i) }()
	}
	for range n {
		if err := <-errs; err != nil {
			s.Fatal(err)
		}
	}
}
