package inventory

import (
	"math"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
)

func TestQuantitiesAreAddedUpByCode(t *testing.T) {
	given := []inventoryapi.Line{{Code: "b", Quantity: 2}, {Code: "a", Quantity: 1}, {Code: "b", Quantity: 3}, {Code: "B", Quantity: 1}, {Code: "a", Quantity: -4}}
	before := slices.Clone(given)
	got := addUp(given)
	want := []inventoryapi.Line{{Code: "B", Quantity: 1}, {Code: "a", Quantity: -3}, {Code: "b", Quantity: 5}}
	if !slices.Equal(got, want) {
		t.Errorf("added up %v, want %v", got, want)
	}
	if !slices.Equal(given, before) {
		t.Errorf("the request was changed to %v", given)
	}
}

func TestSumsThatDoNotFitStayTheLargest(t *testing.T) {
	got := addUp([]inventoryapi.Line{{Code: "a", Quantity: math.MaxInt64}, {Code: "a", Quantity: 1}, {Code: "b", Quantity: math.MinInt64}, {Code: "b", Quantity: -1}})
	want := []inventoryapi.Line{{Code: "a", Quantity: math.MaxInt64}, {Code: "b", Quantity: math.MinInt64}}
	if !slices.Equal(got, want) {
		t.Errorf("added up %v, want %v", got, want)
	}
}

func TestOnlyWholeUnitsAreMoved(t *testing.T) {
	for _, order := range []inventoryapi.Order{
		{},
		{Document: "o1"},
		{Document: "o1", Lines: []inventoryapi.Line{{Code: "a", Quantity: 1}, {Code: "b", Quantity: 0}}},
		{Document: "o1", Lines: []inventoryapi.Line{{Code: "a", Quantity: 2}, {Code: "a", Quantity: -1}}},
		{Lines: []inventoryapi.Line{{Code: "a", Quantity: 1}}},
	} {
		if lines, err := units(order); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%+v gave %v, %v", order, lines, err)
		}
	}
}

func TestAdjustmentsThatCancelOutMoveNothing(t *testing.T) {
	got, err := differences(inventoryapi.Order{Document: "a1", Lines: []inventoryapi.Line{{Code: "a", Quantity: 5}, {Code: "b", Quantity: -1}, {Code: "a", Quantity: -5}}})
	if want := []inventoryapi.Line{{Code: "b", Quantity: -1}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("differences are %v, %v; want %v", got, err, want)
	}
}

func TestWhatCanBecomeOfAReservation(t *testing.T) {
	for _, c := range []struct {
		state           string
		found           bool
		release, refuse bool // what release says
		sell            bool
	}{
		{found: false},
		{state: stateReserved, found: true, release: true, sell: true},
		{state: stateReleased, found: true},
		{state: stateSold, found: true, refuse: true},
	} {
		needed, err := releasable("o1", c.state, c.found)
		if needed != c.release || (bailiwick.CodeOf(err) == bailiwick.Conflict) != c.refuse {
			t.Errorf("releasing %q: %v, %v", c.state, needed, err)
		}
		if err := sellable("o1", c.state, c.found); (err == nil) != c.sell {
			t.Errorf("selling %q: %v", c.state, err)
		}
	}
}
