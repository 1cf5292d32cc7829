package inventory

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/saga"
)

// addUp returns one line for each code, sorted by code, so that whoever takes
// several codes at once takes them in the order in which everybody does. Sums that
// do not fit stay at the largest quantity there is, which no stock can meet.
func addUp(lines []inventoryapi.Line) []inventoryapi.Line {
	sums := slices.Clone(lines)
	slices.SortFunc(sums, func(a, b inventoryapi.Line) int { return strings.Compare(a.Code, b.Code) })
	n := 0
	for _, line := range sums {
		if n > 0 && sums[n-1].Code == line.Code {
			sums[n-1].Quantity = plus(sums[n-1].Quantity, line.Quantity)
			continue
		}
		sums[n] = line
		n++
	}
	return sums[:n]
}

func plus(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// units checks that every line asks for at least one unit and returns them added
// up. An order without lines, or with fewer than one unit, is the sender's
// mistake and stays one.
func units(order inventoryapi.Order) ([]inventoryapi.Line, error) {
	if order.Document == "" || len(order.Lines) == 0 {
		return nil, mistake(fmt.Errorf("document %q has %d lines", order.Document, len(order.Lines)))
	}
	for _, line := range order.Lines {
		if line.Quantity < 1 {
			return nil, mistake(fmt.Errorf("document %s has %d units of %s", order.Document, line.Quantity, line.Code))
		}
	}
	return addUp(order.Lines), nil
}

// differences returns an adjustment's signed quantities added up, without those
// that cancel out.
func differences(order inventoryapi.Order) ([]inventoryapi.Line, error) {
	if order.Document == "" || len(order.Lines) == 0 {
		return nil, mistake(fmt.Errorf("document %q has %d lines", order.Document, len(order.Lines)))
	}
	none := func(line inventoryapi.Line) bool { return line.Quantity == 0 }
	return slices.DeleteFunc(addUp(order.Lines), none), nil
}

func mistake(err error) error {
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: "inventory: read lines", Err: err,
		Do: "correct the sender, then discard or replay the parked key"}
}

// refusal explains why a quantity could not be taken from the stock of a code:
// nobody knows the code, or fewer units are available.
func refusal(reason string, line inventoryapi.Line, known bool, available int64) error {
	if !known {
		return saga.Reject(inventoryapi.UnknownCode, "%s has no stock", line.Code)
	}
	return saga.Reject(reason, "%d of %s asked for, %d available", line.Quantity, line.Code, available)
}
