package replay

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// between is the time between two lines of progress.
const between = 2 * time.Second

// meter counts what is sent and tells of it: as a bar on a terminal, else as lines
// of the form
//
//	replay: 120000 of 541909 lines, 5700 documents, 1858 orders/s, ETA 11s
//
// that a program can read.
type meter struct {
	clock    bailiwick.Clock
	out      io.Writer
	every    int
	expected int // lines of the file
	bar      *progressbar.ProgressBar

	mu        sync.Mutex
	begun     time.Time
	ended     time.Time
	told      time.Time
	toldLines int
	lines     int
	documents int
	repeated  int
	latencies []time.Duration // from order to confirmation
}

func newMeter(opts Options, lines int) *meter {
	m := &meter{clock: opts.Clock, out: opts.Progress, every: opts.Every, expected: lines}
	if opts.Terminal {
		m.bar = progressbar.NewOptions(lines, progressbar.OptionSetWriter(opts.Progress), progressbar.OptionSetDescription("replay"),
			progressbar.OptionShowCount(), progressbar.OptionSetItsString("lines"), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth(), progressbar.OptionClearOnFinish())
	}
	return m
}

func (m *meter) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.begun = m.clock.Now()
	m.told = m.begun
}

// settled counts a document. took is how long its settlement was waited for.
func (m *meter) settled(s orderapi.Summary, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.documents++
	switch {
	case m.before(s.ID):
		m.repeated++
	case s.Status == orderapi.StatusConfirmed:
		m.latencies = append(m.latencies, took)
	}
}

// before says whether a document was stored by an earlier run: ids begin with the
// millisecond of their making.
func (m *meter) before(id string) bool {
	parsed, err := bailiwick.ParseID(id)
	if err != nil {
		return false
	}
	var ms int64
	for _, b := range parsed[:6] {
		ms = ms<<8 | int64(b)
	}
	return ms < m.begun.UnixMilli()
}

// sent counts the lines of an invoice whose documents are settled.
func (m *meter) sent(lines int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines += lines
	now := m.clock.Now()
	if m.bar != nil {
		if now.Sub(m.told) >= between/4 {
			m.told = now
			m.bar.Describe(fmt.Sprintf("replay, %.0f orders/s", m.rate(now)))
		}
		_ = m.bar.Add(lines) // a bar that cannot be drawn stops nothing
		return
	}
	if m.every > 0 && m.lines/m.every > m.toldLines/m.every || m.every == 0 && now.Sub(m.told) >= between {
		m.tell(now)
	}
}

func (m *meter) tell(now time.Time) {
	m.told, m.toldLines = now, m.lines
	eta := "unknown"
	if m.lines > 0 {
		left := float64(now.Sub(m.begun)) / float64(m.lines) * float64(m.expected-m.lines)
		eta = time.Duration(left).Round(time.Second).String()
	}
	fmt.Fprintf(m.out, "replay: %d of %d lines, %d documents, %.0f orders/s, ETA %s\n", m.lines, m.expected, m.documents, m.rate(now), eta)
}

// rate is how many documents were settled in a second.
func (m *meter) rate(now time.Time) float64 {
	if seconds := now.Sub(m.begun).Seconds(); seconds > 0 {
		return float64(m.documents) / seconds
	}
	return 0
}

func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = m.clock.Now()
	if m.bar != nil {
		_ = m.bar.Finish()
		return
	}
	m.tell(m.ended)
}

func (m *meter) figures() RunFigures {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.Sort(m.latencies)
	return RunFigures{
		Seconds:         m.ended.Sub(m.begun).Seconds(),
		Documents:       m.documents,
		Repeated:        m.repeated,
		OrdersPerSecond: m.rate(m.ended),
		ConfirmP50:      milliseconds(quantile(m.latencies, 50)),
		ConfirmP99:      milliseconds(quantile(m.latencies, 99)),
	}
}

// quantile returns the value that so many per cent of the sorted ones do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*percent+99)/100-1]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
