package inventory

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
)

// The states of a reservation.
const (
	stateReserved = "reserved"
	stateSold     = "sold"
	stateReleased = "released"
)

// releasable says whether a reservation has to be put back. One that was never
// made, or is back already, needs nothing: a release may overtake the reservation
// it belongs to. What was sold must not come back this way.
func releasable(document, state string, found bool) (bool, error) {
	switch {
	case !found || state == stateReleased:
		return false, nil
	case state == stateReserved:
		return true, nil
	default:
		return false, &bailiwick.Error{Code: bailiwick.Conflict, Op: "inventory: release " + document,
			Err: fmt.Errorf("its goods are %s", state), Do: "compare the order with its saga: a confirmed order is never taken back"}
	}
}

// sellable refuses to sell what is not reserved.
func sellable(document, state string, found bool) error {
	if found && state == stateReserved {
		return nil
	}
	if !found {
		state = "not reserved"
	}
	return &bailiwick.Error{Code: bailiwick.Conflict, Op: "inventory: sell " + document,
		Err: fmt.Errorf("its goods are %s", state), Do: "compare the order with its saga: it was confirmed without its goods"}
}
