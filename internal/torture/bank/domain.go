package bank

import (
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// The commands of the saga, by who does them.
const (
	walletWithdraw = "wallet.withdraw"
	walletRefund   = "wallet.refund"
	walletDeposit  = "wallet.deposit"
	payoutReserve  = "payout.reserve"
	payoutCancel   = "payout.cancel"
	payoutConfirm  = "payout.confirm"
)

// walletMoved is the message that tells of a [Move]. It is kept for ever.
const walletMoved = "wallet.moved"

// version is the schema version of all messages.
const version = 1

// order asks for a transfer: what the saga remembers, and the data of its commands.
type order struct {
	ID     string `json:"id"`
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int64  `json:"amount"`

	request string // the Idempotency-Key, while the request is at work
}

// suspicious says whether order itself refuses a transfer, when all others have agreed
// and everything has to be taken back: round sums are.
func (o *order) suspicious() bool { return o.Amount%10 == 0 }

// moved is the data of [walletMoved].
type moved struct {
	Transfer string `json:"transfer"`
	Account  string `json:"account"`
	Delta    int64  `json:"delta"`
	Kind     string `json:"kind"`
}

// poisonous says whether ledger does not understand a movement before somebody has
// had it replayed.
func (m moved) poisonous() bool {
	return m.Account == Odd && (m.Delta == Poison || m.Delta == -Poison)
}

// The reasons of rejections.
const (
	reasonShort   = "short"
	reasonFrozen  = "frozen"
	reasonUnknown = "unknown"
	reasonLimit   = "limit"
	reasonReview  = "review"
)

var (
	errOrder   = errors.New("a transfer has a positive amount, and two accounts that differ")
	errChanged = errors.New("it is not there as it was expected")
	errPoison  = errors.New("this program does not understand the movement")
)

// one runs a statement that must change exactly one row. Another number has the code
// [bailiwick.Conflict].
func one(tx *store.Tx, what, query string, args ...any) error {
	n, err := exec(tx, what, query, args...)
	if err == nil && n != 1 {
		err = &bailiwick.Error{Code: bailiwick.Conflict, Op: "bank: " + what, Err: fmt.Errorf("%w: %d rows", errChanged, n)}
	}
	return err
}

// exec runs a statement and returns how many rows it changed.
func exec(tx *store.Tx, what, query string, args ...any) (rows int64, err error) {
	result, err := tx.SQL().Exec(query, args...)
	if err == nil {
		rows, err = result.RowsAffected()
	}
	if err != nil {
		return 0, fmt.Errorf("bank: %s: %w", what, err)
	}
	return rows, nil
}
