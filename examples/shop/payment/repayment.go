package payment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
)

// parts adds a repayment's parts up, one for each order, sorted by order.
func parts(r paymentapi.Repayment) ([]paymentapi.Part, error) {
	sums := slices.Clone(r.Parts)
	slices.SortFunc(sums, func(a, b paymentapi.Part) int { return strings.Compare(a.Document, b.Document) })
	n := 0
	for _, part := range sums {
		if part.Amount < 0 || part.Document == "" {
			return nil, mistake("refund "+r.Document, fmt.Errorf("%s of order %q", money.Amount(part.Amount), part.Document))
		}
		if n == 0 || sums[n-1].Document != part.Document {
			sums[n] = part
			n++
			continue
		}
		sum, err := money.Amount(sums[n-1].Amount).Plus(money.Amount(part.Amount))
		if err != nil {
			return nil, mistake("refund "+r.Document, err)
		}
		sums[n-1].Amount = int64(sum)
	}
	return sums[:n], nil
}
