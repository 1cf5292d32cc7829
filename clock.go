package bailiwick

import "time"

// A Clock is where time comes from, so that a test or a simulation can drive
// months in seconds.
type Clock interface {
	// Now returns the current time. It may carry a monotonic reading.
	Now() time.Time
	// After sends the time on the returned channel once d has passed.
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the clock of the machine.
type SystemClock struct{}

// Now returns time.Now().
func (SystemClock) Now() time.Time { return time.Now() }

// After returns time.After(d).
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
