package storetest

import (
	"fmt"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

var claimCases = []testCase{
	// The reply to a repeat is the one that was stored, not another run.
	{"RepeatGetsTheStoredReply", func(s *suite) {
		db := s.open()
		s.do(db, func(tx *store.Tx) error {
			c, fresh, err := tx.Claim("pay", "1", []byte("hash"))
			if !fresh || c.Reply != nil || string(c.Hash) != "hash" || c.Time.IsZero() {
				s.Errorf("the first claim is %+v, fresh %v", c, fresh)
			}
			return err
		})
		s.do(db, func(tx *store.Tx) error {
			c, fresh, err := tx.Claim("pay", "1", []byte("hash"))
			if fresh || c.Reply != nil {
				s.Errorf("the second claim is %+v, fresh %v", c, fresh)
			}
			if err != nil {
				return err
			}
			return tx.Answer("pay", "1", []byte("paid"))
		})
		s.do(db, func(tx *store.Tx) error {
			c, fresh, err := tx.Claim("pay", "1", []byte("hash"))
			if fresh || string(c.Reply) != "paid" || string(c.Hash) != "hash" || c.Time.IsZero() {
				s.Errorf("the third claim is %+v, fresh %v", c, fresh)
			}
			if err != nil {
				return err
			}
			return tx.Answer("pay", "1", []byte("paid twice"))
		})
		s.do(db, func(tx *store.Tx) error {
			c, _, err := tx.Claim("pay", "1", []byte("hash"))
			if string(c.Reply) != "paid twice" {
				s.Errorf("the reply was not replaced: %q", c.Reply)
			}
			return err
		})
	}},
	{"ScopesAreApart", func(s *suite) {
		db := s.open()
		s.do(db, func(tx *store.Tx) error {
			for _, scope := range []string{"pay", "refund"} {
				if _, fresh, err := tx.Claim(scope, "1", nil); !fresh || err != nil {
					s.Errorf("%s/1 is taken (%v)", scope, err)
				}
			}
			return nil
		})
	}},
	{"AnotherRequestIsRefused", func(s *suite) {
		db := s.open()
		claim := func(hash string) error {
			return db.Do(s.ctx, func(tx *store.Tx) error {
				_, _, err := tx.Claim("pay", "1", []byte(hash))
				return err
			})
		}
		s.code(claim("one"), "")
		s.code(claim("two"), bailiwick.KeyReused)
		s.code(claim("one"), "")
	}},
	// A claim that was rolled back, with its transaction or a savepoint, is free.
	{"RolledBackIsFree", func(s *suite) {
		db := s.open()
		_ = db.Do(s.ctx, func(tx *store.Tx) error {
			if _, _, err := tx.Claim("pay", "1", nil); err != nil {
				return err
			}
			return errRefused
		})
		s.do(db, func(tx *store.Tx) error {
			_ = tx.Savepoint(func() error {
				if _, fresh, err := tx.Claim("pay", "1", nil); !fresh || err != nil {
					s.Errorf("it is taken after a rollback (%v)", err)
				}
				return errRefused
			})
			if _, fresh, err := tx.Claim("pay", "1", nil); !fresh || err != nil {
				s.Errorf("it is taken after a savepoint (%v)", err)
			}
			return nil
		})
	}},
	// An answer that was undone leaves the claim as it was: taken, not answered.
	{"RolledBackAnswer", func(s *suite) {
		db := s.open()
		again := func(tx *store.Tx) {
			c, fresh, err := tx.Claim("pay", "1", []byte("hash"))
			if fresh || err != nil || c.Reply != nil || string(c.Hash) != "hash" {
				s.Errorf("claimed again: fresh %v, hash %q, reply %q (%v)", fresh, c.Hash, c.Reply, err)
			}
		}
		s.do(db, func(tx *store.Tx) error {
			if _, _, err := tx.Claim("pay", "1", []byte("hash")); err != nil {
				return err
			}
			again(tx)
			_ = tx.Savepoint(func() error {
				if err := tx.Answer("pay", "1", []byte("paid")); err != nil {
					s.Error(err)
				}
				return errRefused
			})
			again(tx)
			return nil
		})
		s.do(db, func(tx *store.Tx) error {
			again(tx)
			return tx.Answer("pay", "1", []byte("paid"))
		})
	}},
	// Of many at once one is fresh, and the others see its reply: they have waited.
	{"ConcurrentClaimsWait", func(s *suite) {
		db := s.open()
		const keys, callers = 5, 8
		var fresh atomic.Int32
		s.parallel(callers, func(int) error {
			for k := range keys {
				key := fmt.Sprint(k)
				was := false
				err := db.Do(s.ctx, func(tx *store.Tx) error {
					c, first, err := tx.Claim("pay", key, []byte("hash"))
					if err != nil {
						return err
					}
					was = first
					if first {
						return tx.Answer("pay", key, []byte("paid"))
					}
					if string(c.Reply) != "paid" {
						return fmt.Errorf("key %s: a repeat got the reply %q", key, c.Reply)
					}
					return nil
				})
				if err != nil {
					return err
				}
				if was {
					fresh.Add(1)
				}
			}
			return nil
		})
		if fresh.Load() != keys {
			s.Errorf("%d claims of %d keys were fresh", fresh.Load(), keys)
		}
	}},
}
