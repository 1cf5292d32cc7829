package order

import (
	"cmp"
	"slices"

	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/store"
)

// lineFigures sums lines by all that their outcome depends on; sums are cast
// because PostgreSQL widens them.
const lineFigures = `SELECT d.kind, d.status, d.reason, l.kind, CASE WHEN l.matched > 0 THEN 1 ELSE 0 END,
	COUNT(*), CAST(SUM(l.quantity) AS BIGINT), CAST(SUM(l.quantity * l.unit_price) AS BIGINT), CAST(SUM(l.matched) AS BIGINT), CAST(SUM(l.refund) AS BIGINT)
FROM document d JOIN line l ON l.document = d.id
GROUP BY 1, 2, 3, 4, 5`

const documentFigures = `SELECT kind, status, reason, COUNT(*), CAST(SUM(total) AS BIGINT), CAST(SUM(refund) AS BIGINT)
FROM document GROUP BY kind, status, reason ORDER BY kind, status, reason`

// report takes the figures of everything there is, in one snapshot.
func report(tx *store.Tx) (orderapi.Report, error) {
	r := orderapi.Report{Lines: []orderapi.LineFigures{}, Documents: []orderapi.DocumentFigures{}}
	if err := reportLines(tx, &r); err != nil {
		return r, err
	}
	rows, err := tx.SQL().Query(documentFigures)
	if err != nil {
		return r, failed("report on documents", err)
	}
	defer rows.Close()
	for rows.Next() {
		var f orderapi.DocumentFigures
		if err := rows.Scan(&f.Kind, &f.Status, &f.Reason, &f.Documents, &f.Total, &f.Refund); err != nil {
			return r, failed("report on documents", err)
		}
		r.Documents = append(r.Documents, f)
		switch f.Status {
		case orderapi.StatusConfirmed:
			r.ConfirmedTotal += f.Total
		case orderapi.StatusAccepted:
			r.AcceptedRefund += f.Refund
		}
	}
	return r, failed("report on documents", rows.Err())
}

// reportLines sums lines by outcome. The database groups them and [Outcome] says
// what each group is, so that there is one rule.
func reportLines(tx *store.Tx, r *orderapi.Report) error {
	rows, err := tx.SQL().Query(lineFigures)
	if err != nil {
		return failed("report on lines", err)
	}
	defer rows.Close()
	type became struct{ outcome, reason string }
	sums := map[became]*orderapi.LineFigures{}
	for rows.Next() {
		var document, status, reason, line string
		var matched int
		var f orderapi.LineFigures
		if err := rows.Scan(&document, &status, &reason, &line, &matched, &f.Lines, &f.Units, &f.Amount, &f.Matched, &f.Refund); err != nil {
			return failed("report on lines", err)
		}
		f.Outcome, f.Reason = Outcome(document, status, reason, line, matched != 0)
		sum := sums[became{f.Outcome, f.Reason}]
		if sum == nil {
			sum = &orderapi.LineFigures{Outcome: f.Outcome, Reason: f.Reason}
			sums[became{f.Outcome, f.Reason}] = sum
		}
		sum.Lines += f.Lines
		sum.Units += f.Units
		sum.Amount += f.Amount
		sum.Matched += f.Matched
		sum.Refund += f.Refund
		r.TotalLines += f.Lines
		r.TotalAmount += f.Amount
	}
	for _, sum := range sums {
		r.Lines = append(r.Lines, *sum)
	}
	slices.SortFunc(r.Lines, func(a, b orderapi.LineFigures) int {
		return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Reason, b.Reason))
	})
	return failed("report on lines", rows.Err())
}
