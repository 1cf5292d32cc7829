package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var recordCases = []testCase{
	{"PutIsCompareAndSet", func(s *suite) {
		db := s.open()
		put := func(version int64, state string) error {
			return db.Do(s.ctx, func(tx *store.Tx) error {
				return tx.Put(store.Record{Kind: "saga", Key: "1", State: state, Version: version, Data: []byte(state)})
			})
		}
		s.code(put(1, "early"), bailiwick.Conflict) // there is none
		s.code(put(0, "new"), "")
		s.code(put(0, "again"), bailiwick.Conflict)
		s.code(put(2, "ahead"), bailiwick.Conflict)
		s.code(put(1, "running"), "")
		s.code(put(1, "late"), bailiwick.Conflict)
		r := s.get(db, "saga", "1")
		if r.State != "running" || r.Version != 2 || string(r.Data) != "running" || !r.Due.IsZero() {
			s.Errorf("got %+v", r)
		}
		s.code(put(1, ""), bailiwick.Conflict)
		s.code(put(2, ""), "")
		s.states(db, "saga", map[string]string{})
		s.code(put(0, "reborn"), "")
		if r := s.get(db, "saga", "1"); r.Version != 1 {
			s.Errorf("a record that was deleted came back with version %d", r.Version)
		}
	}},
	// A conflict is an answer, not an accident: what the transaction did before
	// stays possible.
	{"ConflictLeavesTheTransaction", func(s *suite) {
		db := s.open()
		s.do(db, func(tx *store.Tx) error {
			for i, want := range []bailiwick.Code{"", bailiwick.Conflict} {
				err := tx.Put(store.Record{Kind: "saga", Key: "1", State: fmt.Sprint(i)})
				s.code(err, want)
			}
			return tx.Put(store.Record{Kind: "saga", Key: "2", State: "0"})
		})
		s.states(db, "saga", map[string]string{"1": "0", "2": "0"})
	}},
	{"OneOfManyPuts", func(s *suite) {
		db := s.open()
		s.do(db, func(tx *store.Tx) error { return tx.Put(store.Record{Kind: "saga", Key: "1", State: "running"}) })
		var won atomic.Int32
		s.parallel(16, func(i int) error {
			err := db.Do(s.ctx, func(tx *store.Tx) error {
				return tx.Put(store.Record{Kind: "saga", Key: "1", State: fmt.Sprint("by-", i), Version: 1})
			})
			if bailiwick.CodeOf(err) == bailiwick.Conflict {
				return nil
			}
			won.Add(1)
			return err
		})
		if won.Load() != 1 {
			s.Errorf("%d puts succeeded", won.Load())
		}
	}},
	{"DueIsKeptToTheMicrosecond", func(s *suite) {
		db := s.open()
		due := time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC)
		s.do(db, func(tx *store.Tx) error {
			return tx.Put(store.Record{Kind: "saga", Key: "1", State: "waiting", Due: due})
		})
		if r := s.get(db, "saga", "1"); !r.Due.Equal(due) {
			s.Errorf("due %v, want %v", r.Due, due)
		}
		s.do(db, func(tx *store.Tx) error {
			return tx.Put(store.Record{Kind: "saga", Key: "1", State: "waiting", Version: 1})
		})
		if r := s.get(db, "saga", "1"); !r.Due.IsZero() {
			s.Errorf("due %v after it was cleared", r.Due)
		}
	}},
	{"List", func(s *suite) {
		db := s.open()
		begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		s.do(db, func(tx *store.Tx) error {
			for _, r := range []store.Record{
				{Kind: "saga", Key: "a/1", State: "running", Due: begin.Add(3 * time.Minute)},
				{Kind: "saga", Key: "a/2", State: "parked"},
				{Kind: "saga", Key: "a/3", State: "running", Due: begin.Add(time.Minute)},
				{Kind: "saga", Key: "a%", State: "running"},
				{Kind: "saga", Key: "a_", State: "done"},
				{Kind: "saga", Key: "b/1", State: "done", Due: begin.Add(2 * time.Minute)},
				{Kind: "saga", Key: "É", State: "done"},
				{Kind: "parked", Key: "a/1", State: "running", Due: begin},
			} {
				if err := tx.Put(r); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			name string
			q    store.Query
			want string
		}{
			{"in the order of keys' bytes", store.Query{}, "a% a/1 a/2 a/3 a_ b/1 É"},
			{"newest first", store.Query{Newest: true}, "É b/1 a_ a/3 a/2 a/1 a%"},
			{"one key", store.Query{Key: "a/2"}, "a/2"},
			{"a key that is not there", store.Query{Key: "a"}, ""},
			{"a prefix", store.Query{Prefix: "a/"}, "a/1 a/2 a/3"},
			{"a prefix is no pattern", store.Query{Prefix: "a%"}, "a%"},
			{"nor is this one", store.Query{Prefix: "a_"}, "a_"},
			{"one state", store.Query{States: []string{"running"}}, "a% a/1 a/3"},
			{"two states", store.Query{States: []string{"parked", "done"}}, "a/2 a_ b/1 É"},
			{"a limit", store.Query{Limit: 2}, "a% a/1"},
			{"the page after", store.Query{After: "a/1", Limit: 2}, "a/2 a/3"},
			{"the page after, newest first", store.Query{After: "a_", Newest: true, Limit: 2}, "a/3 a/2"},
			{"due, earliest first", store.Query{DueBy: begin.Add(time.Hour)}, "a/3 b/1 a/1"},
			{"due by now", store.Query{DueBy: begin.Add(2 * time.Minute)}, "a/3 b/1"},
			{"due in a state", store.Query{DueBy: begin.Add(time.Hour), States: []string{"running"}, Limit: 1}, "a/3"},
			{"prefix and state", store.Query{Prefix: "a", States: []string{"done"}}, "a_"},
		} {
			c.q.Kind = "saga"
			s.read(db, func(tx *store.Tx) error {
				list, err := tx.List(c.q)
				var keys []string
				for _, r := range list {
					keys = append(keys, r.Key)
				}
				if got := strings.Join(keys, " "); got != c.want {
					s.Errorf("%s: got %q, want %q", c.name, got, c.want)
				}
				return err
			})
		}
	}},
	// Nil data stays nil: whoever unmarshals it must not find an empty text.
	{"DataComesBack", func(s *suite) {
		db := s.open()
		s.do(db, func(tx *store.Tx) error {
			if err := tx.Put(store.Record{Kind: "saga", Key: "1", State: "s"}); err != nil {
				return err
			}
			return tx.Put(store.Record{Kind: "saga", Key: "2", State: "s", Data: []byte{0, 0xff}})
		})
		if r := s.get(db, "saga", "1"); len(r.Data) != 0 {
			s.Errorf("got %v", r.Data)
		}
		if r := s.get(db, "saga", "2"); string(r.Data) != "\x00\xff" {
			s.Errorf("got %v", r.Data)
		}
	}},
}

func (s *suite) get(db *store.DB, kind, key string) (r store.Record) {
	s.Helper()
	s.read(db, func(tx *store.Tx) error {
		var ok bool
		var err error
		r, ok, err = tx.Get(kind, key)
		if err == nil && !ok {
			s.Errorf("there is no %s %s", kind, key)
		}
		return err
	})
	return r
}
