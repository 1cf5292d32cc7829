package verdict

import (
	"fmt"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
)

// RunningSums is the name of the one invariant that holds while everything runs; see
// [Running].
const RunningSums = "running-sums"

// Running holds the sums of two services against each other while both run. The
// consumer is asked first, the producer after it, and then what the producer's
// messages moved after the consumer's position and through the producer's head, which
// is between. start is Σ of the balances at the start. All of them leave out accounts
// whose messages may be parked. It returns nil where the sums agree.
func Running(ledger, wallet bank.Running, between, start int64) *Violation {
	said := func(what string) *Violation {
		return &Violation{Invariant: RunningSums, What: fmt.Sprintf("%s: the start was %d; ledger had entered %+d at %d; messages through %d moved %+d; wallet held %d",
			what, start, ledger.Sum, ledger.Seq, wallet.Seq, between, wallet.Sum)}
	}
	switch {
	case ledger.Seq > wallet.Seq:
		return said("ledger is beyond the head of the log that it follows")
	case start+ledger.Sum+between != wallet.Sum:
		return said(fmt.Sprintf("the sums are %+d apart", wallet.Sum-start-ledger.Sum-between))
	}
	return nil
}
