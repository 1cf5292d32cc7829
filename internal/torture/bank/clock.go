package bank

import (
	"sync/atomic"
	"time"
)

// Clock is the time of one process, which jumps as an administrator or a time server
// may have it: what it tells goes by leaps, while timers run on. It is a
// bailiwick.Clock.
type Clock struct {
	began  time.Time
	offset atomic.Int64 // nanoseconds
}

// NewClock returns a clock that tells the machine's time.
func NewClock() *Clock { return &Clock{began: time.Now()} }

// Now returns the time, jumps included, without a monotonic reading.
func (c *Clock) Now() time.Time {
	return time.Now().Round(0).Add(time.Duration(c.offset.Load()))
}

// After sends the time on the returned channel once d has passed, whatever the clock
// does meanwhile.
func (c *Clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Jump moves the clock; by may be negative.
func (c *Clock) Jump(by time.Duration) { c.offset.Add(int64(by)) }

// Monotonic returns the time since the clock was made, which no jump touches.
func (c *Clock) Monotonic() time.Duration { return time.Since(c.began) }
