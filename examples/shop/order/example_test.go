package order_test

import (
	"fmt"

	"github.com/bailiwick/bailiwick/examples/shop/order"
)

// Three mugs come back. The customer bought one of them last week and five last
// month, at another price.
func ExampleMatchReturn() {
	bought := []order.Sale{
		{Document: "last-week", N: 1, Code: "MUG", Left: 1, UnitPrice: 2950},
		{Document: "last-month", N: 4, Code: "MUG", Left: 5, UnitPrice: 2550},
	}
	for _, m := range order.MatchReturn([]order.Line{{N: 1, Code: "MUG", Quantity: -3}}, bought) {
		fmt.Println(m.Quantity, "of", m.Document, "refunds", m.Refund())
	}
	// Output:
	// 1 of last-week refunds 2950
	// 2 of last-month refunds 5100
}
