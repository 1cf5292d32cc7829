// Package proof is how the project breaks itself on purpose. In a build with the tag
// "proof" a process can be told to die at a named point of its work, and a promise
// can be switched off to see who notices: a checker that was never seen failing
// proves nothing. docs/proof.md has the table of what caught what.
//
// In every other build [At] does nothing, [Off] is a constant false, and both vanish
// when they are inlined: there is no way to switch anything off.
package proof

// A Point is a moment at which a process may be told to die.
type Point string

// The points, in the order in which a message meets them.
const (
	BeforeCommit Point = "before-commit" // a transaction did all its work
	AfterCommit  Point = "after-commit"  // it is durable, and nobody knows
	AfterStamp   Point = "after-stamp"   // messages have their seq, and nobody was told
	AfterApply   Point = "after-apply"   // a follower has applied, its source does not know: published, not acknowledged
	Compensating Point = "compensating"  // a saga goes back, its first step back is not durable
	Rebuilding   Point = "rebuilding"    // a log or a follower is set up anew after a restore
	Checkpoint   Point = "checkpoint"    // a write-ahead log moves into its database
)

// Points returns all of them.
func Points() []Point {
	return []Point{BeforeCommit, AfterCommit, AfterStamp, AfterApply, Compensating, Rebuilding, Checkpoint}
}

// A Promise is something that can be switched off.
type Promise string

// The promises, and what happens without them.
const (
	Atomicity   Promise = "outbox-atomicity"   // messages are committed apart from their change
	Dedup       Promise = "deduplication"      // positions are committed after their effects, apart from them
	Holes       Promise = "hole-detection"     // a batch with a hole is believed at once
	Fencing     Promise = "fencing"            // who was overtaken moves positions all the same
	Epochs      Promise = "epoch-check"        // a log with another past is followed on
	Lanes       Promise = "lane-positions"     // one lane's position is taken for all of them
	Queueing    Promise = "parked-queueing"    // later messages of a parked key overtake it
	Barrier     Promise = "barrier"            // a repeated command has its effect again
	Replies     Promise = "stored-replies"     // of a repeated command it is known that it came, not what was answered
	Reverse     Promise = "compensation-order" // steps are taken back first to last
	CommitOrder Promise = "commit-order"       // messages are stamped by id, past those still open
	Autocommit  Promise = "autocommit-check"   // a group does not notice that its transaction is gone
)

// Promises returns all of them.
func Promises() []Promise {
	return []Promise{Atomicity, Dedup, Holes, Fencing, Epochs, Lanes, Queueing, Barrier, Replies, Reverse, CommitOrder, Autocommit}
}
