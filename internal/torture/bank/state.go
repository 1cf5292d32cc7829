package bank

// State is what the four services say of themselves at rest. Each answers GET /state
// with the parts that it knows; [Client.State] puts them together.
type State struct {
	Transfers []Transfer `json:"transfers,omitempty"`
	Accounts  []Account  `json:"accounts,omitempty"`
	Moves     []Move     `json:"moves,omitempty"`
	Entries   []Entry    `json:"entries,omitempty"`
	Payouts   []Payout   `json:"payouts,omitempty"`
	Sagas     []Saga     `json:"sagas,omitempty"`
	Logs      []Log      `json:"logs,omitempty"`
	// Parked counts the keys that are set aside in any service, and wait for a person
	// or for their next attempt.
	Parked int `json:"parked"`
}

// The states of a [Transfer].
const (
	Pending  = "pending"
	Done     = "done"
	Rejected = "rejected"
)

// Transfer is one as order knows it: who pays whom how much, and what became of it.
type Transfer struct {
	ID string `json:"id"`
	// Key is the Idempotency-Key that it came with.
	Key    string `json:"key"`
	From   string `json:"from"`
	To     string `json:"to"`
	Amount int64  `json:"amount"`
	// Status is [Pending], [Done] or [Rejected]; Reason says why it was rejected.
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// Account is one of wallet's.
type Account struct {
	ID      string `json:"id"`
	Balance int64  `json:"balance"`
}

// The kinds of a [Move].
const (
	Withdraw = "withdraw"
	Deposit  = "deposit"
	Refund   = "refund"
	Direct   = "direct"
)

// Move is one change of a balance in wallet, made with the change itself.
type Move struct {
	// Message is the id of the message that told of it.
	Message string `json:"message"`
	// Transfer is the transfer that it belongs to; for a direct move its own id.
	Transfer string `json:"transfer"`
	Account  string `json:"account"`
	Delta    int64  `json:"delta"`
	Kind     string `json:"kind"`
}

// Entry is what ledger wrote for one message of wallet that it applied. Nothing in
// its table keeps a message from being entered twice: that has to show.
type Entry struct {
	// Move is the change as the message told it.
	Move
	// Inverted says that the account's entry before it came from a later message.
	Inverted bool `json:"inverted,omitempty"`
}

// The states of a [Payout].
const (
	Reserved  = "reserved"
	Confirmed = "confirmed"
	Cancelled = "cancelled"
)

// Payout is what payout knows of a transfer.
type Payout struct {
	Transfer string `json:"transfer"`
	Amount   int64  `json:"amount"`
	// Status is [Reserved], [Confirmed] or [Cancelled].
	Status string `json:"status"`
}

// Saga is one of order's that has not ended, or is parked.
type Saga struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// Log is the log of one service's database.
type Log struct {
	// Name is the log's: "wallet/outbox".
	Name  string `json:"name"`
	Epoch int64  `json:"epoch"`
	Head  int64  `json:"head"`
	// Staged is the number of committed messages that have no seq yet.
	Staged int64 `json:"staged"`
	// Messages are the ids of those that still stand in it, in log order; of wallet's
	// all, because they are kept for ever.
	Messages []string `json:"messages,omitempty"`
	// Followers are the services that follow the log, and the seqs up to which they
	// have told it that they have committed. All come to Head at rest.
	Followers map[string]int64 `json:"followers,omitempty"`
}

// Running is one snapshot of a service that works: a sum, and the seq of wallet's log
// that it holds at. Both leave the account [Odd] out, whose messages may be parked.
type Running struct {
	Sum int64 `json:"sum"`
	Seq int64 `json:"seq"`
}

// merge adds what another service says of itself.
func (s *State) merge(other State) {
	s.Transfers = append(s.Transfers, other.Transfers...)
	s.Accounts = append(s.Accounts, other.Accounts...)
	s.Moves = append(s.Moves, other.Moves...)
	s.Entries = append(s.Entries, other.Entries...)
	s.Payouts = append(s.Payouts, other.Payouts...)
	s.Sagas = append(s.Sagas, other.Sagas...)
	s.Logs = append(s.Logs, other.Logs...)
	s.Parked += other.Parked
}
