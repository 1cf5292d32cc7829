package order

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/store"
)

const (
	insertDocument = `INSERT INTO document (id, kind, reference, customer, country, currency, date, status, reason, total, refund, goods) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insertLine     = `INSERT INTO line (document, n, code, kind, quantity, unit_price) VALUES (?, ?, ?, ?, ?, ?)`
	insertReturned = `INSERT INTO line (document, n, code, kind, quantity, unit_price, matched, refund) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
)

// insert stores a document with its lines.
func insert(tx *store.Tx, d *Document) error {
	goods := 0
	if d.Goods {
		goods = 1
	}
	_, err := tx.SQL().Exec(insertDocument, d.ID, d.Kind, d.Reference, d.Customer, d.Country, d.Currency, d.Date, d.Status, d.Reason, d.Total, d.Refund, goods)
	if err != nil {
		return failed("store the document", err)
	}
	query, values := insertLine, make([]any, 0, 8*len(d.Lines))
	for i := range d.Lines {
		l := &d.Lines[i]
		values = append(values, d.ID, l.N, l.Code, l.Kind, l.Quantity, l.UnitPrice)
		if d.Kind == orderapi.KindReturn {
			query, values = insertReturned, append(values, l.Matched, l.Refund)
		}
	}
	return failed("store the lines", tx.SQL().ExecRows(query, values...))
}

// decide gives a pending document its final status. A document that is not pending
// is a fault: nothing settles twice.
func decide(tx *store.Tx, id, status, reason string) error {
	result, err := tx.SQL().Exec(`UPDATE document SET status = ?, reason = ? WHERE id = ? AND status = 'PENDING'`, status, reason, id)
	if err != nil {
		return failed("settle the document", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return failed("settle "+id, errors.Join(errNotPending, err))
	}
	return nil
}

var errNotPending = errors.New("there is no such pending document")

const summaryColumns = `SELECT id, kind, reference, customer, country, currency, date, status, reason, total, refund, goods FROM document `

type scanner interface{ Scan(...any) error }

func scanSummary(row scanner) (s orderapi.Summary, err error) {
	var goods int
	err = row.Scan(&s.ID, &s.Kind, &s.Reference, &s.Customer, &s.Country, &s.Currency, &s.Date, &s.Status, &s.Reason, &s.Total, &s.Refund, &goods)
	s.Goods = goods != 0
	return s, err
}

// summary reads a document without its lines; the code is [bailiwick.NotFound] if
// there is none.
func summary(tx *store.Tx, id string) (orderapi.Summary, error) {
	s, err := scanSummary(tx.SQL().QueryRow(summaryColumns+`WHERE id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		return s, notFound(id)
	}
	return s, failed("read the document", err)
}

func notFound(id string) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "order: read", Err: fmt.Errorf("there is no document %q of this kind", id), Do: "list them with GET /documents"}
}

// summaries reads a page of documents in the order of their ids.
func summaries(tx *store.Tx, after string, limit int) ([]orderapi.Summary, error) {
	rows, err := tx.SQL().Query(summaryColumns+`WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
	if err != nil {
		return nil, failed("list documents", err)
	}
	defer rows.Close()
	list := []orderapi.Summary{}
	for rows.Next() {
		s, err := scanSummary(rows)
		if err != nil {
			return nil, failed("list documents", err)
		}
		list = append(list, s)
	}
	return list, failed("list documents", rows.Err())
}

// lines reads a document's lines in their order.
func lines(tx *store.Tx, id string) ([]Line, error) {
	rows, err := tx.SQL().Query(`SELECT n, code, kind, quantity, unit_price, returned, matched, refund FROM line WHERE document = ? ORDER BY n`, id)
	if err != nil {
		return nil, failed("read lines", err)
	}
	defer rows.Close()
	var list []Line
	for rows.Next() {
		var l Line
		if err := rows.Scan(&l.N, &l.Code, &l.Kind, &l.Quantity, &l.UnitPrice, &l.Returned, &l.Matched, &l.Refund); err != nil {
			return nil, failed("read lines", err)
		}
		list = append(list, l)
	}
	return list, failed("read lines", rows.Err())
}

// failed names what a statement was for; nil stays nil. Errors of the database keep
// the code that the engine gave them.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.CodeOf(err), Op: "order: " + what, Err: err}
}
