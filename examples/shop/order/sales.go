package order

import "github.com/bailiwick/bailiwick/store"

// salesOf walks a customer's confirmed orders backwards and stops as soon as it has
// met enough of the code. It uses the index on the customer and the lines' primary
// key; only what was never sold to the customer costs the whole walk.
const salesOf = `SELECT l.document, l.n, l.quantity - l.returned, l.unit_price
FROM document d JOIN line l ON l.document = d.id
WHERE d.customer = ? AND d.kind = 'order' AND d.status = 'CONFIRMED' AND l.code = ? AND l.quantity > l.returned
ORDER BY d.id DESC, l.n DESC`

// sales finds what the lines of a return may take back: of each code the customer's
// latest sales, until they cover what is asked for.
func sales(tx *store.Tx, customer string, returned []Line) ([]Sale, error) {
	var list []Sale
	codes, wanted := wantedByCode(returned)
	for _, code := range codes {
		found, err := salesOfCode(tx, customer, code, wanted[code])
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

func salesOfCode(tx *store.Tx, customer, code string, wanted int64) ([]Sale, error) {
	rows, err := tx.SQL().Query(salesOf, customer, code)
	if err != nil {
		return nil, failed("find earlier sales", err)
	}
	defer rows.Close()
	var list []Sale
	for wanted > 0 && rows.Next() {
		sale := Sale{Code: code}
		if err := rows.Scan(&sale.Document, &sale.N, &sale.Left, &sale.UnitPrice); err != nil {
			return nil, failed("find earlier sales", err)
		}
		wanted -= sale.Left
		list = append(list, sale)
	}
	return list, failed("find earlier sales", rows.Err())
}

// match finds the sales that a return takes back and marks them as taken. Returns
// of one customer do so one after another.
func match(tx *store.Tx, d *Document) error {
	d.Apply(nil)
	if d.Customer == "" {
		return nil // nobody knows what a guest bought
	}
	if err := tx.Lock("returns of " + d.Customer); err != nil {
		return err
	}
	sold, err := sales(tx, d.Customer, d.Lines)
	if err != nil {
		return err
	}
	matches := MatchReturn(d.Lines, sold)
	for _, m := range matches {
		if _, err := tx.SQL().Exec(`UPDATE line SET returned = returned + ? WHERE document = ? AND n = ?`, m.Quantity, m.Document, m.N); err != nil {
			return failed("take back a sale", err)
		}
		if _, err := tx.SQL().Exec(`INSERT INTO matching (document, line, sale, sale_line, quantity, unit_price) VALUES (?, ?, ?, ?, ?, ?)`,
			d.ID, m.Line, m.Document, m.N, m.Quantity, m.UnitPrice); err != nil {
			return failed("take back a sale", err)
		}
	}
	d.Apply(matches)
	return nil
}

// matchesOf reads what a return took back, by line.
func matchesOf(tx *store.Tx, id string) ([]Match, error) {
	rows, err := tx.SQL().Query(`SELECT line, sale, sale_line, quantity, unit_price FROM matching WHERE document = ? ORDER BY line, sale, sale_line`, id)
	if err != nil {
		return nil, failed("read what was taken back", err)
	}
	defer rows.Close()
	var list []Match
	for rows.Next() {
		var m Match
		if err := rows.Scan(&m.Line, &m.Document, &m.N, &m.Quantity, &m.UnitPrice); err != nil {
			return nil, failed("read what was taken back", err)
		}
		list = append(list, m)
	}
	return list, failed("read what was taken back", rows.Err())
}

// free gives back to the sales what a refused return had taken.
func free(tx *store.Tx, id string) error {
	matches, err := matchesOf(tx, id)
	if err != nil {
		return err
	}
	for _, m := range matches {
		if _, err := tx.SQL().Exec(`UPDATE line SET returned = returned - ? WHERE document = ? AND n = ?`, m.Quantity, m.Document, m.N); err != nil {
			return failed("free a sale", err)
		}
	}
	for _, statement := range [...]string{
		`DELETE FROM matching WHERE document = ?`,
		`UPDATE line SET matched = 0, refund = 0 WHERE document = ?`,
		`UPDATE document SET refund = 0 WHERE id = ?`,
	} {
		if _, err := tx.SQL().Exec(statement, id); err != nil {
			return failed("free the sales of a return", err)
		}
	}
	return nil
}
