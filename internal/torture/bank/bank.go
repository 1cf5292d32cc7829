// Package bank is four services that move money, made to be broken: order, wallet,
// ledger and payout, each with a database of its own, which talk by messages alone.
// What they say of themselves at rest ([State]) and while they run ([Running]) is
// enough to find out whether any of it was lost or doubled.
//
// A transfer is a saga of order: wallet withdraws, payout reserves, order decides,
// wallet deposits, payout confirms. Ledger follows wallet and enters what it hears.
package bank

// The services, each the owner of a database.
const (
	Order   = "order"
	Wallet  = "wallet"
	Ledger  = "ledger"
	Payouts = "payout"
)

// Services returns their names, consumers of wallet's log before wallet.
func Services() []string { return []string{Order, Payouts, Ledger, Wallet} }

// The accounts that are particular. Others may have any name; those for single
// operations are best kept apart from those of transfers.
const (
	// Frozen is an account that nothing may leave. A transfer from it is rejected; a
	// direct move is stopped by a trigger that ends the whole transaction on SQLite,
	// with everybody's who shares it.
	Frozen = "frozen"
	// Ghost is an account that does not exist: a direct move on it breaks a deferred
	// constraint at commit.
	Ghost = "ghost"
	// Odd is an account for direct moves whose messages are sometimes [Poison].
	Odd = "odd"
)

// The amounts that are particular.
const (
	// PayoutLimit is the largest amount that payout reserves. Clients that draw their
	// amounts from 1 to 60 meet a refusal, and a compensation, about one time in six. Order
	// itself refuses round sums, multiples of ten, once all others have agreed.
	PayoutLimit = 50
	// Poison is the amount of direct moves on [Odd] that ledger cannot enter until
	// they are replayed.
	Poison = 13
)
