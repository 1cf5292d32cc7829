package inventoryapi_test

import (
	"fmt"

	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
)

// What is available must be what the movements add up to.
func ExampleFigures_Balance() {
	stock := inventoryapi.Stock{Code: "85123A", Available: 52,
		Figures: inventoryapi.Figures{Opening: 100, Sold: 48, Reserved: 6, Returned: 8, Adjusted: -2}}
	fmt.Println(stock.Balance() == stock.Available)
	// Output: true
}
