package bailiwicktest

import (
	"sync"
	"time"
)

// Clock is a [bailiwick.Clock] whose time passes only when a test says so. It may be
// used by several goroutines at once.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting []timer
}

// A timer is somebody who waits for the time to come.
type timer struct {
	at   time.Time
	fire chan time.Time
}

// NewClock returns a clock that stands at nine o'clock on the first Monday of 2026,
// in UTC: the same time in every run.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)} }

// Now returns the time, which stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// After sends the time once [Clock.Advance] has moved it on by d.
func (c *Clock) After(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	fire := make(chan time.Time, 1) // whoever waited may have gone
	if d <= 0 {
		fire <- c.now
	} else {
		c.waiting = append(c.waiting, timer{c.now.Add(d), fire})
	}
	return fire
}

// Advance moves the time on by d and wakes who waited for less. It does not wait for
// what they do then: [World.Advance] does.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	var still []timer
	for _, one := range c.waiting {
		if one.at.After(c.now) {
			still = append(still, one)
		} else {
			one.fire <- c.now
		}
	}
	c.waiting = still
}

// next returns how long it is until the first timer; ok is false if there is none.
func (c *Clock) next() (d time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.waiting {
		if left := one.at.Sub(c.now); !ok || left < d {
			d, ok = left, true
		}
	}
	return d, ok
}
