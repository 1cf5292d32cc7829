package mutation_test

import (
	"fmt"

	"github.com/bailiwick/bailiwick/internal/mutation"
)

func ExampleTable() {
	for _, row := range mutation.Table()[:1] {
		fmt.Println("without", row.Promise+":", row.Without)
	}
	// Output: without outbox-atomicity: messages are committed after their change, apart from it
}
