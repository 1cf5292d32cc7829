package follow_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
)

// Whatever fails and whenever the process restarts, each message has its effect
// once, after the earlier ones of its key.
func TestExactlyOnceUnderRandomTrouble(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		lanes := rapid.IntRange(1, 3).Draw(rt, "lanes")
		batch := rapid.IntRange(1, 9).Draw(rt, "batch")
		handlerFails := rapid.IntRange(0, 40).Draw(rt, "handler fails, percent")
		commitFails := rapid.IntRange(0, 30).Draw(rt, "commit fails, percent")
		rounds := rapid.IntRange(1, 8).Draw(rt, "rounds")
		var trouble error
		// The bubble's goroutine must not fail rapid's test itself: it would not
		// get to shrink it.
		synctest.Test(t, func(t *testing.T) {
			trouble = randomTrouble(t, rand.New(rand.NewPCG(seed, 0)), lanes, batch, handlerFails, commitFails, rounds)
		})
		if trouble != nil {
			rt.Fatal(trouble)
		}
	})
}

func randomTrouble(t *testing.T, rnd *rand.Rand, lanes, batch, handlerFails, commitFails, rounds int) error {
	e, _, to := disks()
	h := newHouse(t, e)
	defer h.close()
	settings := func() {
		h.follower.Lanes, h.follower.Batch, h.follower.MaxParked = lanes, batch, 1000
		h.follower.Retry = follow.Retry{Max: time.Second, Attempts: 1000}
	}
	// Both are called inside transactions, which exclude each other.
	h.fail = func(*bailiwick.Message) error {
		switch n := rnd.IntN(100); {
		case n < handlerFails/4:
			return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "till"}
		case n < handlerFails:
			return errBad
		}
		return nil
	}
	to.Break(func() (before, after error) {
		switch n := rnd.IntN(100); {
		case n < commitFails/3:
			return nil, &bailiwick.Error{Code: bailiwick.Unknown, Op: "commit"}
		case n < commitFails*2/3:
			return &bailiwick.Error{Code: bailiwick.Unknown, Op: "commit"}, nil
		case n < commitFails:
			return errors.New("constraint violated"), nil // says not whose
		}
		return nil, nil
	})
	want := map[string][]int64{}
	settings()
	h.start()
	pace := rand.New(rand.NewPCG(rnd.Uint64(), 1))
	for range rounds {
		var keys []string
		for range 1 + pace.IntN(20) {
			key := fmt.Sprint("key", pace.IntN(5))
			keys = append(keys, key)
			want[key] = append(want[key], int64(h.published+len(keys)))
		}
		h.publish(keys...)
		h.settle(time.Duration(pace.IntN(3000)) * time.Millisecond)
		if pace.IntN(2) == 0 {
			if err := h.again(settings); err != nil {
				return err
			}
		}
	}
	to.Break(nil)
	h.settle(20 * time.Minute)
	h.stopping()
	if err := <-h.stopped; err != nil {
		return err
	}
	if list := h.parked(); len(list) > 0 {
		return fmt.Errorf("still set aside: %+v", list)
	}
	for key, seqs := range want {
		if got := h.effects(key); !slices.Equal(got, seqs) {
			return fmt.Errorf("effects of %s: got %v, want %v", key, got, seqs)
		}
	}
	return nil
}

// again closes the databases under the running follower and starts a new one.
func (h *house) again(settings func()) error {
	h.from.Close()
	h.to.Close()
	h.stopping()
	if err := <-h.stopped; err != nil && bailiwick.CodeOf(err) != bailiwick.Closed {
		return err
	}
	h.open()
	settings()
	h.start()
	return nil
}
