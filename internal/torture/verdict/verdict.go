// Package verdict finds out whether money was lost or doubled: it holds what clients
// saw (package history) against what the four services of package bank say of
// themselves when they have come to rest.
//
// Each invariant is a function of its own, and says how many things it was held
// against: one that met nothing has proved nothing. None of them raises a false
// alarm: of what nobody can know, the operations with the outcome info above all, it
// allows everything that may have happened.
package verdict

import (
	"fmt"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// A Verdict is what became of each invariant, in the order of [Invariants].
type Verdict []Result

// A Result is what became of one invariant.
type Result struct {
	// Invariant is its name.
	Invariant string `json:"invariant"`
	// Checked counts the things that it was held against and that could have broken it;
	// 0 means that it proved nothing.
	Checked int `json:"checked"`
	// Undecided counts the things that it could not be held against in the time that it
	// has. They are not among those that were checked.
	Undecided int `json:"undecided,omitempty"`
	// Violations are empty where it holds.
	Violations []Violation `json:"violations,omitempty"`
}

// A Violation is one thing that must not be.
type Violation struct {
	Invariant string `json:"invariant"`
	// What happened, for people: what was expected, what is there, of which transfer,
	// account or message.
	What string `json:"what"`
}

// String returns "invariant: what happened".
func (v Violation) String() string { return v.Invariant + ": " + v.What }

// An invariant is one thing that holds at rest, whatever broke before.
type invariant struct {
	name, says string
	check      func(*books, *Result)
}

// invariants returns all of them: first what clients were told, then the balances,
// then what ledger heard, then that everything has ended.
func invariants() []invariant {
	return []invariant{
		{"transfer-ok", "each transfer that was done is one debit and one credit", transfersDone},
		{"transfer-failed", "each transfer that was refused is nothing, or was taken back whole", transfersFailed},
		{"transfer-unknown", "each transfer of which nobody heard is all or nothing", transfersUnknown},
		{"key-once", "an Idempotency-Key makes one transfer, the one that was asked for, and nothing else makes one", keysOnce},
		{"key-answer", "a key that comes again is answered alike", keysAnswered},
		{"moves-asked-for", "each change of a balance belongs to a transfer, or was asked for once", movesAskedFor},
		{"linearizable", "the moves and reads of each account took effect one after another, each between its call and its end", linearizable},
		{"conservation", "the balances together are what they were at the start, and what direct moves brought", conservation},
		{"no-overdraft", "no balance is below zero, and none was shown to a client", noOverdraft},
		{"balance-moves", "each balance is its start and the moves of its account", balanceMoves},
		{"balance-entries", "each balance is its start and the ledger's entries of its account", balanceEntries},
		{"entered-once", "no message was entered twice", enteredOnce},
		{"inbox-in-outbox", "each entry is what a message in wallet's log told of", inboxInOutbox},
		{"outbox-in-inbox", "each move has its message in wallet's log, and each has its entry", outboxInInbox},
		{"order-per-account", "the messages of an account stand in the log in the order of its moves, and were entered in it", orderPerAccount},
		{"payouts-agree", "each transfer that was done has one payout that is confirmed; no other is reserved or confirmed", payoutsAgree},
		{"sagas-ended", "no saga is on its way, or waits for a person", sagasEnded},
		{"followers-at-head", "each message has its place in its log, and each follower stands at the log's head", followersAtHead},
		{"nothing-parked", "no message is set aside", nothingParked},
	}
}

// Invariants returns the names of all invariants that [Check] holds, and what each
// says.
func Invariants() (names, says []string) {
	for _, i := range invariants() {
		names, says = append(names, i.name), append(says, i.says)
	}
	return names, says
}

// Check holds every invariant against what clients saw and what the services say.
// start has the balance of each account when the history began. The services must be
// at rest, and poisoned messages replayed: what still moves is a violation.
func Check(start map[string]int64, ops []history.Op, s bank.State) Verdict {
	var v Verdict
	b := open(start, ops, s)
	for _, i := range invariants() {
		r := Result{Invariant: i.name}
		i.check(b, &r)
		v = append(v, r)
	}
	return v
}

// Violations returns all of them.
func (v Verdict) Violations() (all []Violation) {
	for _, r := range v {
		all = append(all, r.Violations...)
	}
	return all
}

// Vacuous returns the names of the invariants that met nothing that could have broken
// them.
func (v Verdict) Vacuous() (names []string) {
	for _, r := range v {
		if r.Checked == 0 {
			names = append(names, r.Invariant)
		}
	}
	return names
}

// hold counts one thing that was checked, and tells what happened unless it holds.
func (r *Result) hold(holds bool, format string, args ...any) {
	r.Checked++
	if !holds {
		r.Violations = append(r.Violations, Violation{Invariant: r.Invariant, What: fmt.Sprintf(format, args...)})
	}
}
