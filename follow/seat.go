package follow

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// seatEvery is how often an instance looks who else is there.
	seatEvery = 2 * time.Second
	// maxSeats is how many instances share a follower's lanes; more only stand by.
	maxSeats = 16
)

// seats is what an instance knows of those that run the same follower. Each holds
// the lease of a seat, and the lanes are dealt out among the seats that are taken, so
// that every instance has its share. It is only a guess, for what is fair: whether an
// instance may work on a lane is for the lane's lease to say.
type seats struct {
	mu    sync.Mutex
	mine  int   // -1 if all were taken
	taken []int // in order; empty while nothing is known
}

func (r *runner) seatName(i int) string { return fmt.Sprintf("follow/%s/seat/%d", r.name, i) }

// sit takes a seat, and holds it until leave is called or ctx ends.
func (r *runner) sit(ctx context.Context) (leave func()) {
	r.lookAround(ctx)
	seated, stop := context.WithCancel(ctx)
	left := make(chan struct{})
	go func() {
		defer close(left)
		for r.sleep(seated, seatEvery) == nil {
			r.lookAround(seated)
		}
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if mine := r.seats.seat(); mine >= 0 {
			_, _ = r.db.Lease(last, r.seatName(mine), r.holder, 0) // one that is not left runs out
		}
	}()
	return func() { stop(); <-left }
}

// lookAround takes or keeps the first seat that is free, gives up one behind it, and
// notes who else sits. Where it cannot tell, nothing is known.
func (r *runner) lookAround(ctx context.Context) {
	mine, taken := -1, []int(nil)
	var now time.Time // by the database's clock
	for i := range maxSeats {
		ttl := leaseTTL
		if mine >= 0 {
			ttl = 0 // only look, and leave what was held there
		}
		lease, err := r.db.Lease(ctx, r.seatName(i), r.holder, ttl)
		if err != nil {
			taken = nil
			break
		}
		if mine >= 0 && (lease.Holder == "" || lease.Holder == r.holder || !lease.Until.After(now)) {
			break // it is empty, so are those behind: whoever sits there moves up
		}
		if lease.Held {
			mine, now = i, lease.Until.Add(-leaseTTL)
		}
		taken = append(taken, i)
	}
	r.seats.mu.Lock()
	defer r.seats.mu.Unlock()
	r.seats.mine, r.seats.taken = mine, taken
}

func (s *seats) seat() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mine
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
