package follow

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// seatEvery is about how often an instance looks who else is there.
	seatEvery = time.Second
	// keepEvery is how long its own seat goes without being renewed: a look costs the
	// database a commit only then.
	keepEvery = leaseTTL / 3
	// maxSeats is how many instances share a follower's lanes; more only stand by.
	maxSeats = 16
)

// seats is what an instance knows of those that run the same follower. Each holds
// the lease of a seat, and the lanes are dealt out among the seats that are taken, so
// that every instance has its share. It is only a guess, for what is fair: whether an
// instance may work on a lane is for the lane's lease to say.
type seats struct {
	mu      sync.Mutex
	mine    int           // -1 if all were taken
	taken   []int         // in order; empty while nothing is known
	changed chan struct{} // closed when it is known anew; nil if nobody waits for it

	renewed time.Time // when mine was, by this clock
	until   time.Time // how long it is held, by the database's
}

func (r *runner) seatName(i int) string { return fmt.Sprintf("follow/%s/seat/%d", r.name, i) }

// sit takes a seat, and holds it until leave is called or ctx ends.
func (r *runner) sit(ctx context.Context) (leave func()) {
	r.lookAround(ctx)
	seated, stop := context.WithCancel(ctx)
	left := make(chan struct{})
	go func() {
		defer close(left)
		for r.sleep(seated, seatEvery/2+r.jitter(1, seatEvery, seatEvery)) == nil {
			r.lookAround(seated)
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if mine, _, _ := r.seats.held(); mine >= 0 {
			_, _ = r.db.Lease(last, r.seatName(mine), r.holder, 0) // one that is not left runs out
		}
	}()
	return func() { stop(); <-left }
}

// lookAround takes or keeps the first seat that is free, gives up one behind it, and
// notes who else sits. Where it cannot tell, nothing is known.
func (r *runner) lookAround(ctx context.Context) {
	held, renewed, until := r.seats.held()
	age := r.clock.Now().Sub(renewed)
	mine, taken := -1, []int(nil)
	var now time.Time // by the database's clock
	for i := range maxSeats {
		if mine < 0 && i == held && age >= 0 && age < keepEvery { // a clock may jump back
			mine, now = i, until.Add(age-leaseTTL)
			taken = append(taken, i)
			continue
		}
		ttl := leaseTTL
		if mine >= 0 {
			ttl = 0 // only look, and leave what was held there
		}
		lease, err := r.db.Lease(ctx, r.seatName(i), r.holder, ttl)
		if err != nil {
			mine, taken = -1, nil
			break
		}
		if mine >= 0 && (lease.Holder == "" || lease.Holder == r.holder || !lease.Until.After(now)) {
			break // it is empty, so are those behind: whoever sits there moves up
		}
		if lease.Held {
			mine, renewed, until = i, r.clock.Now(), lease.Until
			now = until.Add(-leaseTTL)
		}
		taken = append(taken, i)
	}
	r.seats.know(mine, taken, renewed, until)
}

// held returns the seat that is held, or -1, with when it was renewed and until when
// that lasts.
func (s *seats) held() (seat int, renewed, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) == 0 {
		return -1, s.renewed, s.until
	}
	return s.mine, s.renewed, s.until
}

// know notes who sits where, and wakes whoever waits for a change.
func (s *seats) know(mine int, taken []int, renewed, until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed != nil && (mine != s.mine || !slices.Equal(taken, s.taken)) {
		close(s.changed)
		s.changed = nil
	}
	s.mine, s.taken, s.renewed, s.until = mine, taken, renewed, until
}

// change returns a channel that is closed when others sit there than now.
func (s *seats) change() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// deals says whether a lane falls to this instance. The followers of a database
// begin to deal at different seats, so that those with one lane are shared as well.
func (r *runner) deals(lane int) bool {
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	n := len(r.seats.taken)
	if n == 0 {
		return true
	}
	return slices.Index(r.seats.taken, r.seats.mine) == (lane+slot(r.name, n))%n
}
