package inventory

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/store"
)

// receive adds what came in to the stock, all lines or none. A code without a
// stock is refused; a reference that was used before has the code
// [bailiwick.Conflict].
func receive(tx *store.Tx, in inventoryapi.Receipt) (inventoryapi.Received, error) {
	received := inventoryapi.Received{Reference: in.Reference}
	t := tables{tx}
	for _, line := range addUp(in.Lines) {
		added, err := t.add(line.Code, line.Quantity)
		if err != nil {
			return received, err
		}
		if !added {
			return received, refused(t, inventoryapi.UnknownCode, line)
		}
		fresh, err := t.opening(in.Reference, line)
		if err != nil {
			return received, err
		}
		if !fresh {
			return received, &bailiwick.Error{Code: bailiwick.Conflict, Op: "inventory: receive " + in.Reference,
				Err: fmt.Errorf("%s came in under this reference before", line.Code), Do: "give each receipt a reference of its own"}
		}
		received.Codes++
		received.Units += line.Quantity
	}
	return received, nil
}
