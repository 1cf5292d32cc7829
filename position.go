package bailiwick

import "fmt"

// A Position is a place in a log: all messages up to and including Seq have been
// seen. The zero Position is the beginning of a log whose incarnation is not yet
// known.
//
// Epoch is the incarnation of the log. It grows when its database is restored,
// copied, or failed over with loss; the log remembers at which Seq each of its
// incarnations forked from the one before. A Position whose Seq lies beyond such
// a fork has seen messages that no longer exist, and must not be moved on.
type Position struct {
	Epoch int64 `json:"epoch"`
	Seq   int64 `json:"seq"`
}

// String returns "epoch:seq".
func (p Position) String() string { return fmt.Sprintf("%d:%d", p.Epoch, p.Seq) }

// A Fork is the seq at which an incarnation of a log began: the epoch's first
// message has the seq after it.
type Fork struct {
	Epoch int64 `json:"epoch"`
	Seq   int64 `json:"seq"`
}
