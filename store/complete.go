package store

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/bailiwick/bailiwick"
)

// Complete checks a message that is about to be published and fills in what its
// publisher left empty: ID from ids, Time from now, and Correlation, Causation and
// Trace from cause, the message being handled, or else from ctx. Everybody who
// writes messages calls it: [Tx.Publish], and package outbox for transactions that
// are the caller's own.
//
// A message without Key, Type or a Version from 1 has the code [bailiwick.Invalid],
// and so has one whose Key or Type is not UTF-8 or whose Time is outside of the years
// 0 to 9999: messages are set aside and sent as JSON, which would make another of it.
func Complete(ctx context.Context, m, cause *bailiwick.Message, ids *bailiwick.IDs, now func() time.Time) error {
	if m.Type == "" || m.Key == "" || m.Version < 1 {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "store: publish", Err: errIncomplete, Do: "set Key, Type and a Version from 1"}
	}
	if !utf8.ValidString(m.Type) || !utf8.ValidString(m.Key) {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "store: publish", Err: errNotText, Do: "write Key and Type in UTF-8"}
	}
	if m.ID.IsZero() {
		m.ID = ids.New()
	}
	if m.Time.IsZero() {
		m.Time = now()
	}
	m.Time = m.Time.UTC().Truncate(time.Microsecond)
	if y := m.Time.Year(); y < 0 || y > 9999 {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "store: publish", Err: errNoTime, Do: "leave Time empty, or correct it"}
	}
	if cause == nil {
		cause = &bailiwick.Message{Correlation: bailiwick.Correlation(ctx), Trace: bailiwick.Trace(ctx)}
	}
	if m.Correlation == "" {
		m.Correlation = cause.Correlation
	}
	if m.Causation.IsZero() {
		m.Causation = cause.ID
	}
	if m.Trace == "" {
		m.Trace = cause.Trace
	}
	return nil
}

var (
	errIncomplete = errors.New("the message lacks a key, a type or a version")
	errNotText    = errors.New("the message's key or type is not UTF-8")
	errNoTime     = errors.New("the message's time is outside of the years 0 to 9999")
)
