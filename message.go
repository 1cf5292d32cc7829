package bailiwick

import "time"

// A Message tells of a change that was committed, or asks for one. It is written
// to the log of the database where the change was made, in the same transaction.
//
// The publisher sets Key, Type, Version and Data. The store fills in the rest:
// ID, Time, Correlation, Causation and Trace when the transaction that publishes
// it ends, and Log, Epoch, Seq and Prev when it is stamped after commit.
//
// A Message that came from a log is shared by all its readers: nobody may change
// it, nor the bytes of Data.
type Message struct {
	// ID is the message's own name and never changes, on whatever path it travels.
	ID ID `json:"id"`
	// Log names the log it stands in: "order/outbox".
	Log string `json:"log"`
	// Epoch is the incarnation of that log; see [Position].
	Epoch int64 `json:"epoch"`
	// Seq is its gapless place in the log, from 1, in commit order.
	Seq int64 `json:"seq"`
	// Prev is the seq before it in its partition, where a transport splits the
	// log; 0 where the log is whole.
	Prev int64 `json:"prev,omitempty"`
	// Key is what order is kept for: messages of one key take effect in commit
	// order. Commonly the id of the aggregate, or of the customer.
	Key string `json:"key"`
	// Type says what happened or what is asked: "order.confirmed".
	Type string `json:"type"`
	// Version is the version of the schema of Data, from 1. A consumer that knows
	// only older ones parks the message.
	Version int `json:"version"`
	// Time is when the publishing transaction made it, in UTC, to the microsecond.
	Time time.Time `json:"time"`
	// Correlation is shared by everything that follows from one request or saga.
	Correlation string `json:"correlation,omitempty"`
	// Causation is the ID of the message whose handling published this one.
	Causation ID `json:"causation"`
	// Trace is a W3C traceparent.
	Trace string `json:"trace,omitempty"`
	// Data is the payload: JSON, unless publisher and consumers agree otherwise.
	Data []byte `json:"data,omitempty"`
}

// Position says where the message stands in its log.
func (m *Message) Position() Position { return Position{Epoch: m.Epoch, Seq: m.Seq} }

// A Batch is a run of a log: every message after the position that was asked for,
// up to and including Through, but for those that retention removed.
type Batch struct {
	Messages []*Message
	// Through is how far the run reaches. It can lie beyond the last message,
	// never before it.
	Through Position
}
