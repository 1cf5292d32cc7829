package sqlite

import (
	"strings"

	"github.com/bailiwick/bailiwick"
)

// Outbox is the log as transactions write to it that are not this package's: the
// table of an outbox.Outbox.
type Outbox struct{}

// Insert returns the statement that appends n messages, in their order.
func (Outbox) Insert(n int) string { return appendText(n) }

// Values returns a message's arguments.
func (Outbox) Values(m *bailiwick.Message) []any {
	return appendValues(make([]any, 0, 9), m)
}

func appendValues(values []any, m *bailiwick.Message) []any {
	return append(values, idText(m.ID), m.Key, m.Type, m.Version, m.Time.UnixMicro(), m.Correlation, idText(m.Causation), m.Trace, m.Data)
}

func appendText(n int) string {
	const row = "(?, ?, ?, ?, ?, ?, ?, ?, ?)"
	return "INSERT INTO bailiwick_log (id, key, type, version, time, correlation, causation, trace, data) VALUES " +
		row + strings.Repeat(", "+row, n-1)
}
