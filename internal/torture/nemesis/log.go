package nemesis

import (
	"encoding/json"
	"io"
	"maps"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
)

// The events of a fault.
const (
	begun  = "begin"
	over   = "end"
	missed = "missed" // there was nothing to break
)

// Log writes down what befell whom and when, as lines of JSON, and counts it. It may
// be used by several goroutines at once.
type Log struct {
	clock bailiwick.Clock
	start time.Time

	mu    sync.Mutex
	out   io.Writer
	err   error
	count map[Kind]int
}

// event is one line.
type event struct {
	N      int    `json:"n"`     // the number of the fault
	At     string `json:"at"`    // since the log began
	Event  string `json:"event"` // begin, end or missed
	Kind   Kind   `json:"kind"`
	Target string `json:"target,omitempty"`
	Lasts  string `json:"lasts,omitempty"`
}

// NewLog returns a log that begins now and writes to out.
func NewLog(out io.Writer, clock bailiwick.Clock) *Log {
	return &Log{clock: clock, start: clock.Now(), out: out, count: map[Kind]int{}}
}

func (l *Log) add(n int, what string, step Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if what == begun {
		l.count[step.Kind]++
	}
	e := event{N: n, At: l.clock.Now().Sub(l.start).Round(time.Millisecond).String(), Event: what, Kind: step.Kind, Target: step.Target}
	if step.Lasts > 0 {
		e.Lasts = step.Lasts.Round(time.Millisecond).String()
	}
	text, err := json.Marshal(e)
	if err == nil && l.err == nil {
		_, l.err = l.out.Write(append(text, '\n'))
	}
}

// Counts returns how many faults of each kind there were.
func (l *Log) Counts() map[Kind]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.count)
}

// Err returns the first error of the writer.
func (l *Log) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}
