// Package history is what clients of a system under torture saw of it: each thing
// that they asked for, when, and how it ended, written to a file as it happens.
//
// It knows nothing of how the system works. What it holds was seen from outside, so
// it can be held against what the system says of itself afterwards: package verdict
// does that.
//
// A history is honest about what nobody knows. A request that timed out, or whose
// connection broke, may have taken effect or may still do so; its outcome is [Info]
// for ever, unless it is asked again under the same Idempotency-Key: that is another
// operation with the same ID.
package history

import "time"

// Kind says what was asked for.
type Kind string

// The kinds.
const (
	// Transfer asks order to move Amount from the account From to the account To.
	Transfer Kind = "transfer"
	// Move asks wallet to add Amount, which may be negative, to the account To.
	Move Kind = "move"
	// Read asks wallet for the balance of the account To.
	Read Kind = "read"
)

// Outcome says how an operation ended.
type Outcome string

// The outcomes.
const (
	// OK: it was done, and Value is what came back.
	OK Outcome = "ok"
	// Fail: it was definitely refused, and has no effect now or later.
	Fail Outcome = "fail"
	// Info: nobody knows whether it took effect, or when it will.
	Info Outcome = "info"
)

// Never is the Return of an operation that has not ended: it may take effect at any
// time after its Call.
const Never = time.Duration(1<<63 - 1)

// An Op is one thing that a client asked for.
type Op struct {
	// Client is the number of the client, from 0. A client waits for each of its
	// operations before it begins the next.
	Client int
	Kind   Kind
	// ID is the request's Idempotency-Key. Operations with one ID are the same request,
	// asked again. A read has none.
	ID string
	// From and To are accounts. Moves and reads have To alone.
	From, To string
	// Amount is in the smallest unit of money.
	Amount int64
	// Value is what came back: the balance after a move, or as it was read. It means
	// nothing unless the outcome is [OK].
	Value int64
	// Call is when the operation began, since the history did; Return when its end was
	// known, [Never] where the outcome is [Info].
	Call, Return time.Duration
	Outcome      Outcome
	// Reason is the code that a refusal came with, or what went wrong; for people, and
	// to tell refusals apart.
	Reason string
}
