package bank

import (
	"sync/atomic"
	"time"
)

// Clock is the time of one process, which jumps as an administrator or a time server
// may have it: what it tells goes by leaps, while timers run on. Unlike time.Now it has
// no monotonic reading that would hide a leap. It is a bailiwick.Clock.
type Clock struct {
	began time.Time
	ahead atomic.Int64 // nanoseconds
}

// NewClock returns a clock that tells the machine's time.
func NewClock() *Clock { return &Clock{began: time.Now()} }

// Now returns the time, jumps included, without a monotonic reading.
func (c *Clock) Now() time.Time {
	return time.Now().Round(0).Add(time.Duration(c.ahead.Load()))
}

// After sends the time on the returned channel once d has passed, whatever the clock
// does meanwhile.
func (c *Clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// Set has the clock run ahead of the machine's from now on; 0 puts it right, and below
// that it is behind.
func (c *Clock) Set(ahead time.Duration) { c.ahead.Store(int64(ahead)) }

// Monotonic returns the time since the clock was made, which no jump touches.
func (c *Clock) Monotonic() time.Duration { return time.Since(c.began) }
