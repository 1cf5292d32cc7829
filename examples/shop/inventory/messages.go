package inventory

import (
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// listed gives a new product a stock of nothing; fees have none.
func listed(tx *store.Tx, _ *bailiwick.Message, p catalogapi.Listed) error {
	if p.Kind != catalogapi.Goods {
		return nil
	}
	return tables{tx}.open(p.Code)
}

// reserve sets aside all that an order asks for, or refuses. This is the hot path:
// one update for each code, and a few inserts.
func reserve(tx *store.Tx, _ saga.Command, order inventoryapi.Order) (struct{}, error) {
	var reply struct{}
	lines, err := units(order)
	if err != nil {
		return reply, err
	}
	t := tables{tx}
	if err := t.reservation(order.Document); err != nil {
		return reply, err
	}
	for _, line := range lines {
		taken, err := t.take(line.Code, line.Quantity)
		if err != nil {
			return reply, err
		}
		if !taken {
			return reply, refused(t, inventoryapi.OutOfStock, line)
		}
	}
	return reply, t.move(order.Document, kindSale, lines)
}

// release puts back what was reserved. It goes by what was recorded, not by what
// the command says.
func release(tx *store.Tx, _ saga.Command, order inventoryapi.Order) error {
	t := tables{tx}
	state, found, err := t.state(order.Document)
	if err != nil {
		return err
	}
	needed, err := releasable(order.Document, state, found)
	if err != nil || !needed {
		return err
	}
	if err := t.putBack(order.Document); err != nil {
		return err
	}
	return t.settle(order.Document, stateReserved, stateReleased)
}

// confirmed sells what was reserved. An order of fees alone reserved nothing.
func confirmed(tx *store.Tx, _ *bailiwick.Message, order orderapi.Confirmed) error {
	if !order.Goods {
		return nil
	}
	t := tables{tx}
	state, found, err := t.state(order.Document)
	if err != nil {
		return err
	}
	if err := sellable(order.Document, state, found); err != nil {
		return err
	}
	return t.settle(order.Document, stateReserved, stateSold)
}

// adjust corrects the count, all lines or none.
func adjust(tx *store.Tx, _ saga.Command, order inventoryapi.Order) (struct{}, error) {
	var reply struct{}
	lines, err := differences(order)
	if err != nil {
		return reply, err
	}
	t := tables{tx}
	return reply, t.addAll(order.Document, kindAdjustment, lines, func(line inventoryapi.Line) error {
		return refused(t, inventoryapi.ExceedsStock, line)
	})
}

// restock takes returned goods back. They were sold, so their codes are known; if
// one is not, that is a fault for a person, and no refusal.
func restock(tx *store.Tx, _ saga.Command, order inventoryapi.Order) (struct{}, error) {
	var reply struct{}
	lines, err := units(order)
	if err != nil {
		return reply, err
	}
	return reply, tables{tx}.addAll(order.Document, kindReturn, lines, func(line inventoryapi.Line) error {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: "inventory: restock " + order.Document,
			Err: fmt.Errorf("%s has no stock", line.Code), Do: "list the product in the catalog, then replay the parked key"}
	})
}

// refused reads why a line could not be taken.
func refused(t tables, reason string, line inventoryapi.Line) error {
	available, known, err := t.available(line.Code)
	if err != nil {
		return err
	}
	return refusal(reason, line, known, available)
}
