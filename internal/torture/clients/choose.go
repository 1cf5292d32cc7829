package clients

import (
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// poisoners is how many clients send poison, once each. It stands in the ledger's way
// until somebody has it replayed, and takes about a second of that person's patience.
const poisoners = 2

// choose draws something new to ask for: of ten requests about four are transfers,
// three change an account, three read one.
func (c *client) choose() history.Op {
	switch n := c.rand.IntN(10); {
	case n < 4:
		return c.transfer()
	case n < 7:
		return c.move()
	}
	return history.Op{Kind: history.Read, To: forMoves(c.rand.IntN(directAccounts))}
}

// transfer draws a transfer. About one in six is more than payout grants, and is taken
// back; some are refused at once, because nothing may leave the account or it never
// held as much.
func (c *client) transfer() history.Op {
	from := c.rand.IntN(transferAccounts)
	to := (from + 1 + c.rand.IntN(transferAccounts-1)) % transferAccounts
	op := history.Op{Kind: history.Transfer, ID: c.key(), From: forTransfers(from), To: forTransfers(to), Amount: 1 + c.rand.Int64N(bank.PayoutLimit*6/5)}
	switch {
	case c.one(20):
		op.From = bank.Frozen
	case c.one(20):
		op.Amount += (transferAccounts + 2) * transferBalance
	}
	return op
}

// move draws a change of one account. Those that the database itself refuses come
// often enough to be in a group with others, now and then.
func (c *client) move() history.Op {
	op := history.Op{Kind: history.Move, ID: c.key(), To: forMoves(c.rand.IntN(directAccounts)), Amount: 1 + c.rand.Int64N(40)}
	if c.one(2) {
		op.Amount = -op.Amount
	}
	switch {
	case c.one(16):
		op.To, op.Amount = bank.Frozen, -max(op.Amount, -op.Amount)
	case c.one(16):
		op.To = bank.Ghost
	case c.one(24):
		op.To = bank.Odd
		switch {
		case c.number < poisoners && !c.poisoned:
			op.Amount, c.poisoned = bank.Poison, true
		case op.Amount == bank.Poison || op.Amount == -bank.Poison:
			op.Amount++
		}
	}
	return op
}
