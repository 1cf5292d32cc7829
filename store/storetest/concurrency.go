package storetest

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var concurrencyCases = []testCase{
	// Promises 3 and 5: nothing is skipped, nothing comes twice, and messages of one
	// key come in commit order, under any concurrency. This is where most projects
	// fail: readers that go by id lose rows under this load.
	{"NothingLostNothingTwice", func(s *suite) { s.hammer(nil) }},
	// The same while transactions that have nothing to do with it stay open: readers
	// that wait for the oldest open transaction would stand still as long.
	{"WhileOthersStayOpen", func(s *suite) {
		if s.harness.HoldOpen != nil {
			s.hammer(s.harness.HoldOpen)
		}
	}},
}

const (
	writers    = 24
	perWriter  = 40
	sharedKeys = 6
)

// hammer has many writers publish to few keys, with rollbacks between, and a
// follower read what comes through its feed alone.
func (s *suite) hammer(hold func(*testing.T) func()) {
	db := s.open()
	f := s.feed(db, store.Subscriber{Name: "payment"})
	s.do(db, func(tx *store.Tx) error {
		for k := range sharedKeys {
			if err := tx.Put(store.Record{Kind: "key", Key: fmt.Sprint(k), State: "0"}); err != nil {
				return err
			}
		}
		return nil
	})
	var release func()
	if hold != nil {
		release = hold(s.T)
	}
	var mu sync.Mutex
	committed := map[string]bool{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.parallel(writers, func(w int) error {
			for i := range perWriter {
				name := fmt.Sprintf("%d/%d", w, i)
				err := s.numbered(db, (w+i)%sharedKeys, name, i%10 == 9)
				if i%10 == 9 {
					if err != errRefused {
						return fmt.Errorf("the transaction that was to be undone returned %v", err)
					}
					continue
				}
				if err != nil {
					return err
				}
				mu.Lock()
				committed[name] = true
				mu.Unlock()
			}
			return nil
		})
	}()
	want := writers * perWriter * 9 / 10
	began := time.Now()
	msgs, _ := s.next(f, bailiwick.Position{}, want)
	took := time.Since(began)
	<-done
	if release != nil {
		// Everything was read while the other transaction was still open.
		release()
		s.Logf("%d messages in %v beside an open transaction", want, took)
	}
	s.head(db, int64(want))
	seen := map[string]bool{}
	last := map[string]int{}
	for i, m := range msgs {
		if m.Seq != int64(i+1) {
			s.Fatalf("message %d has seq %d", i+1, m.Seq)
		}
		name, number, _ := strings.Cut(string(m.Data), " ")
		if seen[name] {
			s.Errorf("%s came twice", name)
		}
		seen[name] = true
		var n int
		if _, err := fmt.Sscan(number, &n); err != nil {
			s.Fatal(err)
		}
		if n != last[m.Key]+1 {
			s.Fatalf("key %s: number %d comes after %d", m.Key, n, last[m.Key])
		}
		last[m.Key] = n
	}
	if len(seen) != len(committed) {
		s.Errorf("%d messages were committed, %d came", len(committed), len(seen))
	}
	for name := range committed {
		if !seen[name] {
			s.Errorf("%s was lost", name)
		}
	}
}

// numbered publishes a message that carries its number among those of its key: the
// order in which transactions held the key's record, which is commit order.
func (s *suite) numbered(db *store.DB, key int, name string, refuse bool) error {
	return db.Do(s.ctx, func(tx *store.Tx) error {
		k := fmt.Sprint(key)
		// What is published before the lock is taken must not stand before what
		// others publish under it.
		if err := tx.Lock("key/" + k); err != nil {
			return err
		}
		r, _, err := tx.Get("key", k)
		if err != nil {
			return err
		}
		var n int
		if _, err := fmt.Sscan(r.State, &n); err != nil {
			return err
		}
		r.State = fmt.Sprint(n + 1)
		if err := tx.Put(r); err != nil {
			return err
		}
		m := message("key.numbered", k)
		m.Data = fmt.Appendf(nil, "%s %d", name, n+1)
		if err := tx.Publish(m); err != nil {
			return err
		}
		if refuse {
			return errRefused
		}
		return nil
	})
}
