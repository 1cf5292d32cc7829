package bank

import "errors"

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
	errOrder  = errors.New("a transfer has a positive amount, and two accounts that differ")
	errPoison = errors.New("this program does not understand the movement")
)
