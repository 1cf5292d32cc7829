package store

import (
	"context"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Complete checks a message that is about to be published and fills in what its
// publisher left empty: ID from ids, Time from now, and Correlation, Causation and
// Trace from cause, the message being handled, or else from ctx. Everybody who
// writes messages calls it: [Tx.Publish], and package outbox for transactions that
// are the caller's own.
//
// A message without Key, Type or a Version from 1 has the code [bailiwick.Invalid].
func Complete(ctx context.Context, m, cause *bailiwick.Message, ids *bailiwick.IDs, now func() time.Time) error {
	if m.Type == "" || m.Key == "" || m.Version < 1 {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "store: publish", Err: errIncomplete, Do: "set Key, Type and a Version from 1"}
	}
	if m.ID.IsZero() {
		m.ID = ids.New()
	}
	if m.Time.IsZero() {
		m.Time = now()
	}
	m.Time = m.Time.UTC().Truncate(time.Microsecond)
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

var errIncomplete = errors.New("the message lacks a key, a type or a version")
