package torture

import (
	"context"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// comparisons is how often the running sums are compared in a calm.
const comparisons = 5

// compare holds the running sum of ledger against that of wallet, while both work:
// the consumer is read before the producer, and what lies between is added.
func (c *campaign) compare(ctx context.Context) {
	ledger, err := c.bank.Sum(ctx, bank.Ledger)
	if err != nil {
		return // nothing was compared, and the report counts what was
	}
	wallet, err := c.bank.Sum(ctx, bank.Wallet)
	if err != nil {
		return
	}
	between, err := c.bank.Moved(ctx, ledger.Seq, wallet.Seq)
	if err != nil {
		return
	}
	c.running.Checked++
	if v := verdict.Running(ledger, wallet, between, c.sum()); v != nil {
		c.running.Violations = append(c.running.Violations, *v)
	}
}

// sum is what the accounts held at the start, without the one whose messages may be
// parked.
func (c *campaign) sum() (total int64) {
	for account, balance := range c.start {
		if account != bank.Odd {
			total += balance
		}
	}
	return total
}
