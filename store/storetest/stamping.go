package storetest

import (
	"fmt"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// stampingCases stage transactions by hand. They mean something only where an
// engine has several writers and stamps after commit; one with a single writer
// cannot be brought into these situations.
var stampingCases = []testCase{
	// T2 draws an id, T1 draws the next and commits first. A reader that has seen
	// T1's must still see T2's, whose id is smaller.
	{"SmallerIDCommitsLater", stamped(func(s *suite, drv driver.DB) {
		second := s.stage(drv, func(tx driver.Tx) error { return tx.Append(staged("2")) })
		s.append(drv, "1")
		s.stamps(drv, "1:1")
		second()
		s.stamps(drv, "2:2")
		s.stamps(drv, "")
	})},
	// The same for one key: T2 waits for T1's lock. Commit order is T1, T2.
	{"LockedKeyComesInCommitOrder", func(s *suite) {
		db := s.open()
		if !db.Capabilities().Stamps {
			return
		}
		f := s.feed(db, store.Subscriber{Name: "payment"})
		for round := range 5 {
			begun, release := make(chan struct{}), make(chan struct{})
			var once sync.Once
			first := make(chan error, 1)
			go func() {
				first <- db.Do(s.ctx, func(tx *store.Tx) error {
					if err := tx.Lock("key"); err != nil {
						return err
					}
					once.Do(func() { close(begun) })
					<-release
					return tx.Publish(message("first", fmt.Sprint(round)))
				})
			}()
			<-begun
			second := make(chan error, 1)
			published := make(chan struct{})
			var again sync.Once
			go func() {
				second <- db.Do(s.ctx, func(tx *store.Tx) error {
					// Published before it has the lock; written after it.
					if err := tx.Publish(message("second", fmt.Sprint(round))); err != nil {
						return err
					}
					again.Do(func() { close(published) })
					return tx.Lock("key")
				})
			}()
			<-published
			close(release)
			if err := <-first; err != nil {
				s.Fatal(err)
			}
			if err := <-second; err != nil {
				s.Fatal(err)
			}
			msgs, _ := s.next(f, bailiwick.Position{Epoch: 1, Seq: int64(2 * round)}, 2)
			if msgs[0].Type != "first" || msgs[1].Type != "second" {
				s.Fatalf("round %d: got %s, %s", round, msgs[0].Type, msgs[1].Type)
			}
		}
	}},
	// An id that was drawn and rolled back is no hole that anybody waits for.
	{"RolledBackIDIsNoHole", stamped(func(s *suite, drv driver.DB) {
		err := drv.Do(s.ctx, func(tx driver.Tx) error {
			if err := tx.Append(staged("1")); err != nil {
				return err
			}
			return errRefused
		})
		if err != errRefused {
			s.Fatal(err)
		}
		s.append(drv, "2")
		s.stamps(drv, "2:1")
	})},
	// A transaction that wrote something long before it appended comes when it
	// commits, not where its transaction id would put it.
	{"EarlyWriterAppendsLate", stamped(func(s *suite, drv driver.DB) {
		wrote, goOn := make(chan struct{}), make(chan struct{})
		var once sync.Once
		early := make(chan error, 1)
		go func() {
			early <- drv.Do(s.ctx, func(tx driver.Tx) error {
				if err := tx.Put(driver.Record{Kind: "order", Key: "1", State: "new"}); err != nil {
					return err
				}
				once.Do(func() { close(wrote) })
				<-goOn
				return tx.Append(staged("early"))
			})
		}()
		<-wrote
		s.append(drv, "late")
		s.stamps(drv, "late:1")
		close(goOn)
		if err := <-early; err != nil {
			s.Fatal(err)
		}
		s.stamps(drv, "early:2")
	})},
	// A limit cuts a step; nothing that it cut off is forgotten, also when more
	// commits meanwhile.
	{"LimitForgetsNothing", stamped(func(s *suite, drv driver.DB) {
		want := ""
		for i := range 7 {
			s.append(drv, fmt.Sprint(i))
			want += fmt.Sprintf("%d:%d ", i, i+1)
		}
		got := ""
		for i := range 8 {
			msgs, err := drv.Stamp(s.ctx, 1, 2)
			if err != nil {
				s.Fatal(err)
			}
			if len(msgs) > 2 {
				s.Fatalf("%d messages at once", len(msgs))
			}
			got += positions(msgs)
			if i == 1 {
				s.append(drv, "7")
				want += "7:8 "
			}
		}
		if got != want {
			s.Errorf("got %q, want %q", got, want)
		}
	})},
	// Whoever lost the sequencer's lease must not stamp any more.
	{"LowerTermIsStale", stamped(func(s *suite, drv driver.DB) {
		s.append(drv, "1")
		if _, err := drv.Stamp(s.ctx, 5, 10); err != nil {
			s.Fatal(err)
		}
		s.append(drv, "2")
		_, err := drv.Stamp(s.ctx, 4, 10)
		s.code(err, bailiwick.Stale)
		msgs, err := drv.Stamp(s.ctx, 6, 10)
		if err != nil || positions(msgs) != "2:2 " {
			s.Errorf("got %q (%v)", positions(msgs), err)
		}
	})},
	// Two sequencers that both believe to hold the lease stamp nothing twice.
	{"ConcurrentStampsAgree", stamped(func(s *suite, drv driver.DB) {
		const n = 60
		var mu sync.Mutex
		seen := map[int64]string{}
		stop := make(chan struct{})
		done := make(chan error, 2)
		for range 2 {
			go func() {
				done <- func() error {
					for {
						msgs, err := drv.Stamp(s.ctx, 1, 7)
						if err != nil {
							return err
						}
						mu.Lock()
						for _, m := range msgs {
							if have, ok := seen[m.Seq]; ok {
								mu.Unlock()
								return fmt.Errorf("seq %d was given to %s and %s", m.Seq, have, m.Key)
							}
							seen[m.Seq] = m.Key
						}
						all := len(seen) == n
						mu.Unlock()
						if all {
							return nil
						}
						select {
						case <-stop:
							return nil
						default:
						}
					}
				}()
			}()
		}
		s.parallel(6, func(w int) error {
			for i := range n / 6 {
				if err := drv.Do(s.ctx, func(tx driver.Tx) error { return tx.Append(staged(fmt.Sprintf("%d-%d", w, i))) }); err != nil {
					return err
				}
			}
			return nil
		})
		s.eventually("all to be stamped", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(seen) >= n
		})
		close(stop)
		for range 2 {
			if err := <-done; err != nil {
				s.Fatal(err)
			}
		}
		for seq := int64(1); seq <= n; seq++ {
			if seen[seq] == "" {
				s.Errorf("seq %d is missing", seq)
			}
		}
	})},
	// What a savepoint or a failed closure appended is neither told nor stored.
	{"UndoneIsNotTold", func(s *suite) {
		drv := s.openDriver()
		var mu sync.Mutex
		told := ""
		drv.OnCommit(func(msgs []bailiwick.Message) {
			mu.Lock()
			defer mu.Unlock()
			told += positions(msgs)
		})
		for _, refuse := range []bool{true, false} {
			err := drv.Do(s.ctx, func(tx driver.Tx) error {
				if err := tx.Append(staged("1")); err != nil {
					return err
				}
				err := tx.Savepoint(func() error {
					if err := tx.Append(staged("2")); err != nil {
						return err
					}
					return errRefused
				})
				if err != errRefused {
					return err
				}
				if err := tx.Append(staged("3")); err != nil {
					return err
				}
				if refuse {
					return errRefused
				}
				return nil
			})
			if refuse != (err == errRefused) || !refuse && err != nil {
				s.Fatal(err)
			}
		}
		if drv.Capabilities().Stamps {
			s.stamps(drv, "1:1 3:2")
		} else {
			mu.Lock()
			if told != "1:1 3:2 " {
				s.Errorf("told of %q", told)
			}
			mu.Unlock()
		}
		stored, err := drv.ReadLog(s.ctx, 0, 10)
		if err != nil || positions(stored) != "1:1 3:2 " {
			s.Errorf("stored are %q (%v)", positions(stored), err)
		}
	}},
	// An engine that stamps at commit tells of its messages in order, each once, and
	// before anybody is told that the commit happened.
	{"OnCommitTellsInOrder", func(s *suite) {
		drv, err := s.harness.OpenDriver(s.ctx, s.setup())
		if err != nil {
			s.Fatal(err)
		}
		defer drv.Close()
		var mu sync.Mutex
		var told []bailiwick.Message
		nudges := 0
		drv.OnCommit(func(msgs []bailiwick.Message) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, msgs...)
			nudges++
		})
		s.parallel(8, func(w int) error {
			for i := range 5 {
				if err := drv.Do(s.ctx, func(tx driver.Tx) error { return tx.Append(staged(fmt.Sprintf("%d-%d", w, i))) }); err != nil {
					return err
				}
			}
			return nil
		})
		mu.Lock()
		defer mu.Unlock()
		if drv.Capabilities().Stamps {
			if nudges == 0 || len(told) != 0 {
				s.Errorf("%d nudges with %d messages", nudges, len(told))
			}
			return
		}
		if len(told) != 40 {
			s.Fatalf("told of %d messages", len(told))
		}
		for i, m := range told {
			if m.Seq != int64(i+1) || m.Epoch != 1 || m.Log != "order/outbox" {
				s.Fatalf("message %d is at %s of %s", i, m.Position(), m.Log)
			}
		}
	}},
}

// stamped runs a case on a driver that stamps after commit.
func stamped(run func(*suite, driver.DB)) func(*suite) {
	return func(s *suite) {
		drv := s.openDriver()
		if !drv.Capabilities().Stamps {
			return
		}
		drv.OnCommit(func([]bailiwick.Message) {})
		run(s, drv)
	}
}

func staged(key string) []bailiwick.Message {
	m := message("staged", key)
	var ids bailiwick.IDs
	m.ID = ids.New()
	return []bailiwick.Message{m}
}

// stage runs fn in a transaction that then stays open, and returns what commits it.
func (s *suite) stage(drv driver.DB, fn func(driver.Tx) error) (commit func()) {
	s.Helper()
	ran, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	outcome := make(chan error, 1)
	go func() {
		outcome <- drv.Do(s.ctx, func(tx driver.Tx) error {
			err := fn(tx)
			once.Do(func() { close(ran) })
			<-release
			return err
		})
	}()
	<-ran
	return func() {
		s.Helper()
		close(release)
		if err := <-outcome; err != nil {
			s.Fatalf("the staged transaction: %v", err)
		}
	}
}

func (s *suite) append(drv driver.DB, key string) {
	s.Helper()
	if err := drv.Do(s.ctx, func(tx driver.Tx) error { return tx.Append(staged(key)) }); err != nil {
		s.Fatalf("appending %s: %v", key, err)
	}
}

// stamps stamps and compares keys and seqs: "1:1 2:2".
func (s *suite) stamps(drv driver.DB, want string) {
	s.Helper()
	msgs, err := drv.Stamp(s.ctx, 1, 100)
	if err != nil {
		s.Fatalf("stamping: %v", err)
	}
	if want != "" {
		want += " "
	}
	if got := positions(msgs); got != want {
		s.Fatalf("stamped %q, want %q", got, want)
	}
}

func positions(msgs []bailiwick.Message) string {
	text := ""
	for _, m := range msgs {
		text += fmt.Sprintf("%s:%d ", m.Key, m.Seq)
	}
	return text
}
