package storetest

import (
	"errors"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var positionCases = []testCase{
	{"MoveIsCompareAndSet", func(s *suite) {
		db := s.open()
		id := db.NewID()
		at := func(seq int64) store.FollowerPosition {
			return store.FollowerPosition{Follower: "order/outbox", Lane: 1, Lanes: 4, Position: bailiwick.Position{Epoch: 1, Seq: seq}, ID: id}
		}
		s.do(db, func(tx *store.Tx) error {
			if _, ok, err := tx.Position("order/outbox", 1); ok || err != nil {
				s.Errorf("a lane that never moved has a position (%v)", err)
			}
			return tx.Move(bailiwick.Position{}, at(5))
		})
		// The beginning can be left once only.
		s.code(s.move(db, bailiwick.Position{}, at(6)), bailiwick.Stale)
		s.code(s.move(db, bailiwick.Position{Epoch: 1, Seq: 4}, at(6)), bailiwick.Stale)
		s.code(s.move(db, bailiwick.Position{Epoch: 2, Seq: 5}, at(6)), bailiwick.Stale)
		s.code(s.move(db, bailiwick.Position{Epoch: 1, Seq: 5}, at(9)), "")
		s.read(db, func(tx *store.Tx) error {
			p, ok, err := tx.Position("order/outbox", 1)
			if !ok || p != at(9) {
				s.Errorf("got %+v, want %+v", p, at(9))
			}
			return err
		})
	}},
	// A worker whose lease went to another must not move the position, even where
	// it guesses right where that stands.
	{"LowerTermIsFenced", func(s *suite) {
		db := s.open()
		at := func(seq, term int64) store.FollowerPosition {
			return store.FollowerPosition{Follower: "f", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: seq}, Term: term}
		}
		s.code(s.move(db, bailiwick.Position{}, at(1, 7)), "")
		s.code(s.move(db, bailiwick.Position{Epoch: 1, Seq: 1}, at(2, 6)), bailiwick.Stale)
		s.code(s.move(db, bailiwick.Position{Epoch: 1, Seq: 1}, at(2, 7)), "")
		s.code(s.move(db, bailiwick.Position{Epoch: 1, Seq: 2}, at(3, 8)), "")
	}},
	// A stale move changes nothing, and the transaction can be undone as a whole.
	{"StaleMoveUndoesItsTransaction", func(s *suite) {
		db := s.open()
		to := store.FollowerPosition{Follower: "f", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: 1}}
		s.code(s.move(db, bailiwick.Position{}, to), "")
		err := db.Do(s.ctx, func(tx *store.Tx) error {
			if err := tx.Put(store.Record{Kind: "effect", Key: "1", State: "done"}); err != nil {
				return err
			}
			return tx.Move(bailiwick.Position{}, to)
		})
		s.code(err, bailiwick.Stale)
		s.states(db, "effect", map[string]string{})
	}},
	// Of many that move a lane from one place, one succeeds: an effect happens once.
	{"OneOfManyMoves", func(s *suite) {
		db := s.open()
		var won atomic.Int32
		s.parallel(16, func(i int) error {
			err := db.Do(s.ctx, func(tx *store.Tx) error {
				return tx.Move(bailiwick.Position{}, store.FollowerPosition{Follower: "f", Lanes: 1, Position: bailiwick.Position{Epoch: 1, Seq: int64(i + 1)}})
			})
			if bailiwick.CodeOf(err) == bailiwick.Stale {
				return nil
			}
			won.Add(1)
			return err
		})
		if won.Load() != 1 {
			s.Errorf("%d moves succeeded", won.Load())
		}
	}},
	{"PositionsAreListedInOrder", func(s *suite) {
		db := s.open()
		want := []store.FollowerPosition{
			{Follower: "a", Lane: 0, Lanes: 2, Position: bailiwick.Position{Epoch: 1, Seq: 3}},
			{Follower: "a", Lane: 1, Lanes: 2, Position: bailiwick.Position{Epoch: 1, Seq: 1}},
			{Follower: "b", Lane: 0, Lanes: 1, Position: bailiwick.Position{Epoch: 4, Seq: 2}},
		}
		for _, i := range []int{2, 1, 0} {
			s.code(s.move(db, bailiwick.Position{}, want[i]), "")
		}
		s.read(db, func(tx *store.Tx) error {
			got, err := tx.Positions()
			if err != nil {
				return err
			}
			if len(got) != len(want) {
				return errors.New("another number of positions")
			}
			for i := range want {
				if got[i] != want[i] {
					s.Errorf("position %d is %+v, want %+v", i, got[i], want[i])
				}
			}
			return nil
		})
	}},
}

func (s *suite) move(db *store.DB, from bailiwick.Position, to store.FollowerPosition) error {
	return db.Do(s.ctx, func(tx *store.Tx) error { return tx.Move(from, to) })
}
