package inventory

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/store"
)

// The kinds of movements. All are counted in units above zero, but for
// adjustments, which are signed.
const (
	kindOpening    = "opening"
	kindSale       = "sale"
	kindReturn     = "return"
	kindAdjustment = "adjustment"
)

// tables writes the service's tables in one transaction.
type tables struct{ tx *store.Tx }

// open gives a code a stock of nothing, unless it has one.
func (t tables) open(code string) error {
	_, err := t.exec("open stock", `INSERT INTO stock (code, available) VALUES (?, 0) ON CONFLICT (code) DO NOTHING`, code)
	return err
}

// take lowers what is available, if that much is.
func (t tables) take(code string, quantity int64) (bool, error) {
	n, err := t.exec("take from stock", `UPDATE stock SET available = available - ? WHERE code = ? AND available >= ?`, quantity, code, quantity)
	return n == 1, err
}

// add changes what is available by a signed quantity, if that leaves no less than
// nothing.
func (t tables) add(code string, quantity int64) (bool, error) {
	n, err := t.exec("add to stock", `UPDATE stock SET available = available + ? WHERE code = ? AND available + ? >= 0`, quantity, code, quantity)
	return n == 1, err
}

// addAll adds the lines of a document to what is available and records why. The
// first line that cannot be added is what no makes of it.
func (t tables) addAll(document, kind string, lines []inventoryapi.Line, no func(inventoryapi.Line) error) error {
	for _, line := range lines {
		added, err := t.add(line.Code, line.Quantity)
		if err != nil {
			return err
		}
		if !added {
			return no(line)
		}
	}
	return t.move(document, kind, lines)
}

// available returns what is available of a code; known is false if it has no
// stock.
func (t tables) available(code string) (available int64, known bool, err error) {
	err = t.tx.SQL().QueryRow(`SELECT available FROM stock WHERE code = ?`, code).Scan(&available)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("inventory: read stock of %s: %w", code, err)
	}
	return available, true, nil
}

// move records why the stock of some codes changed. A document moves a code once
// for each kind; a second time is an error.
func (t tables) move(document, kind string, lines []inventoryapi.Line) error {
	values := make([]any, 0, 4*len(lines))
	// In the order of the table's key: rows that follow one another are found at once.
	for _, line := range slices.SortedFunc(slices.Values(lines), func(a, b inventoryapi.Line) int { return strings.Compare(a.Code, b.Code) }) {
		values = append(values, document, line.Code, kind, line.Quantity)
	}
	if err := t.tx.SQL().ExecRows(`INSERT INTO movement (document, code, kind, quantity) VALUES (?, ?, ?, ?)`, values...); err != nil {
		return fmt.Errorf("inventory: record movements of %s: %w", document, err)
	}
	return nil
}

// opening records goods that came in, unless the reference brought that code
// before.
func (t tables) opening(reference string, line inventoryapi.Line) (fresh bool, err error) {
	n, err := t.exec("record receipt", `INSERT INTO movement (document, code, kind, quantity) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		reference, line.Code, kindOpening, line.Quantity)
	return n == 1, err
}

// reservation begins a reservation. A document has one; a second is an error.
func (t tables) reservation(document string) error {
	_, err := t.exec("begin reservation", `INSERT INTO reservation (document, state, at) VALUES (?, ?, ?)`, document, stateReserved, t.tx.Now().UnixMilli())
	return err
}

// state returns the state of a document's reservation.
func (t tables) state(document string) (state string, found bool, err error) {
	err = t.tx.SQL().QueryRow(`SELECT state FROM reservation WHERE document = ?`, document).Scan(&state)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("inventory: read reservation %s: %w", document, err)
	}
	return state, true, nil
}

// settle moves a reservation from one state to another.
func (t tables) settle(document, from, to string) error {
	n, err := t.exec("settle reservation", `UPDATE reservation SET state = ?, at = ? WHERE document = ? AND state = ?`, to, t.tx.Now().UnixMilli(), document, from)
	if err == nil && n != 1 {
		err = fmt.Errorf("inventory: settle reservation %s: it is not %s any more", document, from)
	}
	return err
}

// putBack adds what a document's sale took to what is available.
func (t tables) putBack(document string) error {
	_, err := t.exec("put back", `
		UPDATE stock SET available = available +
			(SELECT m.quantity FROM movement m WHERE m.document = ? AND m.code = stock.code AND m.kind = 'sale')
		WHERE code IN (SELECT m.code FROM movement m WHERE m.document = ? AND m.kind = 'sale')`, document, document)
	return err
}

// exec runs a statement and returns how many rows it changed.
func (t tables) exec(what, query string, args ...any) (int64, error) {
	result, err := t.tx.SQL().Exec(query, args...)
	if err != nil {
		return 0, fmt.Errorf("inventory: %s: %w", what, err)
	}
	return result.RowsAffected()
}
