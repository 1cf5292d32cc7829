package simulation

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A clock is the time as one process sees it.
type clock struct {
	s      *schedule
	grain  time.Duration // timers end at multiples of it
	jumped atomic.Int64

	mu     sync.Mutex
	timers []timer
}

type timer struct {
	at int64
	c  chan time.Time
}

// began is when every simulation begins.
var began = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

// Now is the wall clock, which may jump.
func (c *clock) Now() time.Time {
	return began.Add(time.Duration(c.s.now.Load() + c.jumped.Load()))
}

// monotonic does not jump.
func (c *clock) monotonic() time.Duration { return time.Duration(c.s.now.Load()) }

// After measures by the monotonic time.
func (c *clock) After(d time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- c.Now()
		return ch
	}
	at := c.s.now.Load() + int64(d+c.grain-1)
	at -= at % int64(c.grain)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timers = append(c.timers, timer{at, ch})
	return ch
}

// next is when the earliest timer ends; ok is false if there is none.
func (c *clock) next() (at int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.timers) == 0 {
		return 0, false
	}
	return slices.MinFunc(c.timers, func(a, b timer) int { return cmp.Compare(a.at, b.at) }).at, true
}

// ring ends the timers whose time has come.
func (c *clock) ring() {
	now := c.s.now.Load()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timers = slices.DeleteFunc(c.timers, func(t timer) bool {
		if t.at <= now {
			t.c <- c.Now()
		}
		return t.at <= now
	})
}
