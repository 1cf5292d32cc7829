package storetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

var retentionCases = []testCase{
	// The processes that share a database write down at the same moments how far its
	// followers have come. Where one owns it, another never comes so far.
	{"InstancesWriteDownTogether", func(s *suite) {
		db := s.open()
		if !db.Capabilities().Shared {
			s.refused(s.setup(), bailiwick.Locked)
			return
		}
		instances := []*store.DB{db, s.open()}
		const n = 30
		for range n {
			s.publish(db, "order.placed", "1")
		}
		s.head(db, n)
		s.head(instances[1], n)
		s.parallel(len(instances), func(i int) error {
			for seq := range int64(n) {
				f, err := instances[i].Log().Feed(s.ctx, store.Subscriber{Name: "payment", Types: []string{fmt.Sprint(seq, i)}})
				if err != nil {
					return err
				}
				f.Ack(bailiwick.Position{Epoch: 1, Seq: seq + 1})
				if err := instances[i].Log().Trim(s.ctx); err != nil {
					return err
				}
			}
			return nil
		})
		s.bounds(db, n, n)
	}},
	// A log that was trimmed to empty must not begin at 1 again: followers would
	// take new messages for old ones.
	{"TrimToEmptyRestartAppend", func(s *suite) {
		setup := s.setup()
		db, closeIt := s.openAndClose(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		for range 3 {
			s.publish(db, "order.placed", "1")
		}
		_, at := s.next(f, bailiwick.Position{}, 3)
		f.Ack(at)
		s.trim(db)
		s.bounds(db, 3, 3)
		closeIt()

		db = s.openWith(setup)
		f = s.feed(db, store.Subscriber{Name: "payment"})
		batch, err := f.Read(s.ctx, at, 10)
		if err != nil || len(batch.Messages) != 0 || batch.Through != at {
			s.Errorf("after the restart the log holds %v (%v)", batch, err)
		}
		s.bounds(db, 3, 3)
		s.publish(db, "order.placed", "2")
		msgs, _ := s.next(f, at, 1)
		if msgs[0].Seq != 4 || msgs[0].Key != "2" {
			s.Errorf("the next message is %s with seq %d", msgs[0].Key, msgs[0].Seq)
		}
	}},
	// A position that was trimmed is gone, and says from where reading is possible.
	{"TrimmedPositionIsGone", func(s *suite) {
		setup := s.setup()
		db, closeIt := s.openAndClose(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		for range 5 {
			s.publish(db, "order.placed", "1")
		}
		s.next(f, bailiwick.Position{}, 5)
		f.Ack(bailiwick.Position{Epoch: 1, Seq: 3})
		s.trim(db)
		s.bounds(db, 3, 5)
		closeIt()
		db = s.openWith(setup)
		f = s.feed(db, store.Subscriber{Name: "payment"})
		_, err := f.Read(s.ctx, bailiwick.Position{Epoch: 1, Seq: 2}, 10)
		s.code(err, bailiwick.Gone)
		var gone *store.GoneError
		if !errors.As(err, &gone) || gone.Low != 3 {
			s.Errorf("got %v, want a GoneError with the low-water mark 3", err)
		}
		s.next(f, bailiwick.Position{Epoch: 1, Seq: 3}, 2)
	}},
	// A required follower holds the log back also while it does not run; one that
	// reads as well as it can does not.
	{"RequiredHoldsBack", func(s *suite) {
		setup := s.setup()
		db, closeIt := s.openAndClose(setup)
		fast := s.feed(db, store.Subscriber{Name: "fast"})
		slow := s.feed(db, store.Subscriber{Name: "slow"})
		s.feed(db, store.Subscriber{Name: "cache", BestEffort: true})
		for range 4 {
			s.publish(db, "order.placed", "1")
		}
		_, at := s.next(fast, bailiwick.Position{}, 4)
		fast.Ack(at)
		s.trim(db)
		s.bounds(db, 0, 4)
		slow.Ack(bailiwick.Position{Epoch: 1, Seq: 2})
		s.trim(db)
		s.bounds(db, 2, 4)
		closeIt()

		db = s.openWith(setup)
		fast = s.feed(db, store.Subscriber{Name: "fast"})
		s.publish(db, "order.placed", "1")
		_, at = s.next(fast, at, 1)
		fast.Ack(at)
		s.trim(db)
		s.bounds(db, 2, 5)
	}},
	// Nobody follows yet: the log is kept for whoever comes first.
	{"UnfollowedIsKept", func(s *suite) {
		db := s.open()
		s.publish(db, "order.placed", "1")
		s.head(db, 1)
		s.trim(db)
		s.bounds(db, 0, 1)
	}},
	{"ForeverAndCompact", func(s *suite) {
		setup := s.setup()
		setup.Store.Retention.Forever = []string{"rate.set"}
		setup.Store.Retention.Compact = []string{"user.changed"}
		setup.Store.RingBytes = 1
		db := s.openWith(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		for _, m := range strings.Fields("rate.set/a order.placed/1 user.changed/a user.changed/b user.changed/a rate.set/a order.placed/2 user.changed/a") {
			typ, key, _ := strings.Cut(m, "/")
			s.publish(db, typ, key)
		}
		_, at := s.next(f, bailiwick.Position{}, 8)
		f.Ack(at)
		s.trim(db)
		s.holds(db, "rate.set/a:1 user.changed/b:4 rate.set/a:6 user.changed/a:8")
		// What comes later replaces what was kept so far.
		s.publish(db, "user.changed", "b")
		s.publish(db, "order.placed", "3")
		_, at = s.next(f, at, 2)
		f.Ack(at)
		s.trim(db)
		s.holds(db, "rate.set/a:1 rate.set/a:6 user.changed/a:8 user.changed/b:9")
		// Whoever handles only what is kept may begin at any time; others are told.
		late := s.feed(db, store.Subscriber{Name: "late", Types: []string{"rate.set", "user.changed"}})
		msgs, _ := s.next(late, bailiwick.Position{}, 4)
		if msgs[0].Seq != 1 || msgs[3].Seq != 9 {
			s.Errorf("got seqs %d to %d", msgs[0].Seq, msgs[3].Seq)
		}
		_, err := f.Read(s.ctx, bailiwick.Position{}, 10)
		s.code(err, bailiwick.Gone)
	}},
	// Rules that were relaxed hold for what was kept before as well.
	{"RulesMayChange", func(s *suite) {
		setup := s.setup()
		setup.Store.Retention.Forever = []string{"rate.set"}
		setup.Store.RingBytes = 1
		db, closeIt := s.openAndClose(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		s.publish(db, "order.placed", "a")
		s.publish(db, "rate.set", "a")
		s.publish(db, "rate.set", "a")
		_, at := s.next(f, bailiwick.Position{}, 3)
		f.Ack(at)
		s.trim(db)
		s.holds(db, "rate.set/a:2 rate.set/a:3")
		closeIt()
		setup.Store.Retention = store.Retention{Every: setup.Store.Retention.Every, Compact: []string{"rate.set"}}
		db, closeIt = s.openAndClose(setup)
		s.trim(db)
		s.holds(db, "rate.set/a:3")
		closeIt()
		setup.Store.Retention.Compact = nil
		db = s.openWith(setup)
		s.trim(db)
		s.holds(db, "")
		s.bounds(db, 3, 3)
	}},
	// A piece of trimming is bounded, because writers wait for it.
	{"TrimIsBounded", func(s *suite) {
		drv := s.openDriver()
		drv.OnCommit(func([]bailiwick.Message) {})
		for i := range 25 {
			s.append(drv, fmt.Sprint(i))
		}
		if drv.Capabilities().Stamps {
			if _, err := drv.Stamp(s.ctx, 1, 100); err != nil {
				s.Fatal(err)
			}
		}
		calls := 0
		for more := true; more; calls++ {
			before := s.count(drv)
			var err error
			more, err = drv.Trim(s.ctx, driver.Trim{UpTo: 20, Limit: 6})
			if err != nil {
				s.Fatal(err)
			}
			if n := before - s.count(drv); n > 6 {
				s.Errorf("one call deleted %d messages", n)
			}
			if calls > 25 {
				s.Fatal("trimming does not end")
			}
		}
		if n := s.count(drv); n != 5 {
			s.Errorf("%d messages are left, want 5", n)
		}
		state, err := drv.LogState(s.ctx)
		if err != nil || state.Low != 20 || state.Head != 25 {
			s.Errorf("got %+v (%v)", state, err)
		}
	}},
	// A follower that is gone for good must not fill the disk; it is told, also
	// after a restart, and nothing is skipped for it.
	{"HardLimitExpires", func(s *suite) {
		setup := s.setup()
		setup.Store.Retention.HardLimit = 3
		db, closeIt := s.openAndClose(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		gone := s.feed(db, store.Subscriber{Name: "gone"})
		for range 5 {
			s.publish(db, "order.placed", "1")
		}
		_, at := s.next(f, bailiwick.Position{}, 5)
		f.Ack(at)
		s.trim(db)
		_, err := gone.Read(s.ctx, bailiwick.Position{}, 10)
		s.code(err, bailiwick.Gone)
		s.trim(db)
		s.bounds(db, 5, 5)
		closeIt()
		db = s.openWith(setup)
		gone = s.feed(db, store.Subscriber{Name: "gone"})
		_, err = gone.Read(s.ctx, bailiwick.Position{}, 10)
		s.code(err, bailiwick.Gone)
		followers, err := db.Log().Followers(s.ctx)
		if err != nil || len(followers) != 2 || followers[0].State != store.FollowerExpired || followers[1].State != store.FollowerRequired {
			s.Errorf("the followers are %+v (%v)", followers, err)
		}
	}},
	// How far followers came is remembered: a restart neither forgets what they hold
	// back nor what they have committed.
	{"AcknowledgedSurvivesRestart", func(s *suite) {
		setup := s.setup()
		db, closeIt := s.openAndClose(setup)
		f := s.feed(db, store.Subscriber{Name: "payment"})
		s.publish(db, "order.placed", "1")
		_, at := s.next(f, bailiwick.Position{}, 1)
		f.Ack(at)
		closeIt() // writes it down
		db = s.openWith(setup)
		followers, err := db.Log().Followers(s.ctx)
		if err != nil || len(followers) != 1 || followers[0].Position != at {
			s.Errorf("the followers are %+v (%v)", followers, err)
		}
	}},
}

func (s *suite) trim(db *store.DB) {
	s.Helper()
	if err := db.Log().Trim(s.ctx); err != nil {
		s.Fatalf("trimming: %v", err)
	}
}

// bounds compares the log's low-water mark and head.
func (s *suite) bounds(db *store.DB, low, head int64) {
	s.Helper()
	state, err := db.Log().State(s.ctx)
	if err != nil {
		s.Fatal(err)
	}
	if state.Low != low || state.Head != head {
		s.Fatalf("the log reaches from %d to %d, want %d to %d", state.Low, state.Head, low, head)
	}
}

// holds compares what is left in the log: "type/key:seq".
func (s *suite) holds(db *store.DB, want string) {
	s.Helper()
	all := s.feed(db, store.Subscriber{Name: "all", BestEffort: true, Types: append(append([]string{}, "rate.set"), "user.changed")})
	var got []string
	var after bailiwick.Position
	for {
		batch, err := all.Read(s.ctx, after, 3)
		if bailiwick.CodeOf(err) == bailiwick.Gone {
			// It may handle types that are not kept: then it begins at the mark.
			var gone *store.GoneError
			errors.As(err, &gone)
			after.Seq = gone.Low
			continue
		}
		if err != nil {
			s.Fatal(err)
		}
		if len(batch.Messages) == 0 {
			break
		}
		for _, m := range batch.Messages {
			got = append(got, fmt.Sprintf("%s/%s:%d", m.Type, m.Key, m.Seq))
		}
		after = batch.Through
	}
	if strings.Join(got, " ") != want {
		s.Fatalf("the log holds %q, want %q", strings.Join(got, " "), want)
	}
}

func (s *suite) count(drv driver.DB) int {
	s.Helper()
	msgs, err := drv.ReadLog(s.ctx, 0, 1000)
	if err != nil {
		s.Fatal(err)
	}
	return len(msgs)
}
