package clients

import (
	"fmt"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
)

// What the accounts hold at the start, in the smallest unit of money. Transfers
// mostly find enough; direct moves often do not, so that refusals are seen too.
const (
	transferAccounts = 12
	transferBalance  = 1000
	directAccounts   = 8
	directBalance    = 60
)

// Start returns the accounts that the clients use, and their balances when they
// begin. Those of transfers and those of direct moves are apart: the latter are of one
// service alone, and are held against what a single account would do. [bank.Ghost] is
// asked for as well, and must not exist.
func Start() map[string]int64 {
	start := map[string]int64{bank.Frozen: transferBalance, bank.Odd: transferBalance}
	for n := range transferAccounts {
		start[forTransfers(n)] = transferBalance
	}
	for n := range directAccounts {
		start[forMoves(n)] = directBalance
	}
	return start
}

func forTransfers(n int) string { return fmt.Sprintf("account-%02d", n) }

func forMoves(n int) string { return fmt.Sprintf("direct-%d", n) }
