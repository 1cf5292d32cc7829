// Package saga carries a change through several services, each with its own
// database, so that it ends completed, or taken back, or parked for a person with
// the reason; never lost, never half.
//
// The service that starts a saga keeps its state, as a record in its own database
// that commits with the change that starts it. Steps are commands to other
// services, sent as messages through the log, or local changes. The steps before
// the pivot can be compensated; the pivot decides; the steps after it are retried
// until they succeed.
//
// A participant answers each command through a barrier that stores its reply: a
// repeat gets the same reply, a compensation that overtakes its action blocks it.
package saga

import (
	"time"

	"github.com/bailiwick/bailiwick/store"
)

// Definition is the plan of a saga whose state is an S: what it remembers between
// steps, kept as JSON. Names of sagas and steps are stored; keep them when the
// program changes.
type Definition[S any] struct {
	// Name is unique in the service: "place-order".
	Name string
	// Steps are taken in order, and taken back in reverse.
	Steps []Step[S]
}

// Step is one step of a saga: either a command to another service (Command is
// set) or a local change (Local is set).
type Step[S any] struct {
	// Name is unique in the saga: "reserve".
	Name string
	// When says whether the step is needed; nil means always. It is asked once,
	// when the saga comes to the step.
	When func(*S) bool

	// Command is the message type that asks a participant to do the step:
	// "inventory.reserve".
	Command string
	// Request makes the command's data. It must make the same data whenever it is
	// called for the same state. nil sends the state itself.
	Request func(tx *store.Tx, s *S) (any, error)
	// Reply takes what the participant answered into the state. It may be nil.
	Reply func(tx *store.Tx, s *S, reply []byte) error
	// Undo is the message type that asks the participant to take the step back:
	// "inventory.release". Its data is that of the command. Empty means that there
	// is nothing to take back.
	Undo string

	// Local does the step in the saga's own database, in the transaction that
	// moves the saga on. A [Rejection] starts compensation.
	Local func(tx *store.Tx, s *S) error
	// LocalUndo takes a local step back, in the same way. why is the rejection
	// that made it necessary.
	LocalUndo func(tx *store.Tx, s *S, why Rejection) error

	// Pivot marks the step that decides: before it the saga can be taken back,
	// after it the saga goes on until it is done. At most one step is the pivot;
	// without one, the saga is decided when its last step is done.
	Pivot bool

	// Timeout is how long an answer is waited for before the command is sent
	// again; 0 means 10 s. It doubles with each attempt, up to five minutes.
	Timeout time.Duration
	// Attempts is how often a command is sent before the saga gives up on an
	// answer: before the pivot it then compensates, this step included, because
	// unknown may mean done; after the pivot, or while compensating, it is parked.
	// 0 means 8.
	Attempts int
}
