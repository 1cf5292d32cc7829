package storetest

import (
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

var leaseCases = []testCase{
	{"OneHolderAtATime", func(s *suite) {
		drv := s.openDriver()
		a := s.lease(drv, "a", time.Minute)
		if !a.Held || a.Holder != "a" || a.Name != "job" || a.Term < 1 || a.Until.Before(time.Now()) {
			s.Fatalf("the first lease is %+v", a)
		}
		if b := s.lease(drv, "b", time.Minute); b.Held || b.Holder != "a" || b.Term != a.Term {
			s.Errorf("while a holds it, b got %+v", b)
		}
		if again := s.lease(drv, "a", 2*time.Minute); !again.Held || again.Term != a.Term || !again.Until.After(a.Until) {
			s.Errorf("extended, it is %+v; it was %+v", again, a)
		}
	}},
	// The term fences off whoever held it before: it only grows.
	{"ReleasedGoesOnWithAHigherTerm", func(s *suite) {
		drv := s.openDriver()
		a := s.lease(drv, "a", time.Minute)
		if b := s.lease(drv, "b", 0); b.Held {
			s.Errorf("a lease that b does not hold was released by it: %+v", b)
		}
		if b := s.lease(drv, "b", time.Minute); b.Held {
			s.Errorf("b got it from a by releasing it: %+v", b)
		}
		if gone := s.lease(drv, "a", 0); gone.Held {
			s.Errorf("released, it is %+v", gone)
		}
		b := s.lease(drv, "b", time.Minute)
		if !b.Held || b.Term <= a.Term {
			s.Errorf("after a (term %d) b got %+v", a.Term, b)
		}
	}},
	{"RunOutGoesOnWithAHigherTerm", func(s *suite) {
		drv := s.openDriver()
		a := s.lease(drv, "a", 20*time.Millisecond)
		s.eventually("the lease to run out", func() bool {
			b := s.lease(drv, "b", time.Minute)
			if b.Held && b.Term <= a.Term {
				s.Fatalf("after a (term %d) b got term %d", a.Term, b.Term)
			}
			return b.Held
		})
		if late := s.lease(drv, "a", time.Minute); late.Held {
			s.Errorf("whoever lost it got it back: %+v", late)
		}
	}},
	// Nobody waits for the lease of one that will not come back, and one that is still
	// there loses nothing by being silent. Where one
	// process owns a database, nobody is there to wait.
	{"ClosedHolderHasNone", func(s *suite) {
		drv := s.openDriver()
		if !drv.Capabilities().Shared {
			s.refused(s.setup(), bailiwick.Locked)
			return
		}
		gone, err := s.harness.OpenDriver(s.ctx, s.setup())
		if err != nil {
			s.Fatal(err)
		}
		a := s.lease(gone, "a", time.Hour)
		if b := s.lease(drv, "b", time.Hour); b.Held || b.Holder != "a" {
			s.Errorf("while a is there, b got %+v", b)
		}
		if err := gone.Close(); err != nil {
			s.Fatal(err)
		}
		s.eventually("the closed holder to have none", func() bool { return s.lease(drv, "b", 0).Holder == "" })
		b := s.lease(drv, "b", time.Hour)
		if !b.Held || b.Holder != "b" || b.Term <= a.Term {
			s.Errorf("after a (term %d) b got %+v", a.Term, b)
		}
	}},
	{"NamesAreApart", func(s *suite) {
		drv := s.openDriver()
		s.lease(drv, "a", time.Minute)
		if l, err := drv.Lease(s.ctx, "another", "b", time.Minute); err != nil || !l.Held {
			s.Errorf("got %+v (%v)", l, err)
		}
	}},
	{"OneOfManyGetsIt", func(s *suite) {
		drv := s.openDriver()
		var held atomic.Int32
		s.parallel(16, func(i int) error {
			l, err := drv.Lease(s.ctx, "job", string(rune('a'+i)), time.Minute)
			if l.Held {
				held.Add(1)
			}
			return err
		})
		if held.Load() != 1 {
			s.Errorf("%d hold it", held.Load())
		}
	}},
}

func (s *suite) lease(drv driver.DB, holder string, ttl time.Duration) driver.Lease {
	s.Helper()
	l, err := drv.Lease(s.ctx, "job", holder, ttl)
	if err != nil {
		s.Fatalf("lease for %s: %v", holder, err)
	}
	return l
}
