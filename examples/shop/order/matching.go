package order

import "github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"

// Sale is a line of a confirmed order that can still be returned.
type Sale struct {
	// Document and N name the line.
	Document string
	N        int
	Code     string
	// Left is how many of its units have not come back yet, above zero.
	Left int64
	// UnitPrice is what a unit cost, in thousandths.
	UnitPrice int64
}

// Match is a part of a return's line that takes back a part of a sale.
type Match struct {
	// Line is the number of the return's line.
	Line int
	// Document and N name the sale.
	Document string
	N        int
	// Quantity is how many units, above zero.
	Quantity int64
	// UnitPrice is what a unit had cost, in thousandths.
	UnitPrice int64
}

// Refund is what the matched units had cost, in thousandths.
func (m Match) Refund() int64 { return m.Quantity * m.UnitPrice }

// MatchReturn finds, for each line of a return, the sales that it takes back. Lines
// are served in their order, each from the latest sale of its code with units left.
// sales are that customer's, latest first; codes that are not returned may be among
// them. What finds no sale is not in the answer.
func MatchReturn(lines []Line, sales []Sale) []Match {
	var matches []Match
	taken := make([]int64, len(sales))
	for _, l := range lines {
		wanted := -l.Quantity
		for i := 0; i < len(sales) && wanted > 0; i++ {
			sale := &sales[i]
			n := min(wanted, sale.Left-taken[i])
			if sale.Code != l.Code || n <= 0 {
				continue
			}
			taken[i] += n
			wanted -= n
			matches = append(matches, Match{Line: l.N, Document: sale.Document, N: sale.N, Quantity: n, UnitPrice: sale.UnitPrice})
		}
	}
	return matches
}

// Apply writes into a return what matched: the matched units and the refund of each
// line, the refund of the whole, and whether goods come back.
//
// What was applied before is forgotten, so that a transaction may try again.
func (d *Document) Apply(matches []Match) {
	for i := range d.Lines {
		d.Lines[i].Matched, d.Lines[i].Refund = 0, 0
	}
	for _, m := range matches {
		line := &d.Lines[m.Line-1]
		line.Matched += m.Quantity
		line.Refund += m.Refund()
	}
	d.Refund, d.Goods = 0, false
	for i := range d.Lines {
		d.Refund += d.Lines[i].Refund
		d.Goods = d.Goods || d.Lines[i].Kind == catalogapi.Goods && d.Lines[i].Matched > 0
	}
}

// Matched says whether any line of a return found an earlier sale.
func (d *Document) Matched() bool {
	for i := range d.Lines {
		if d.Lines[i].Matched > 0 {
			return true
		}
	}
	return false
}

// wantedByCode adds up what a return's lines ask for of each code, codes in the
// order of their first line.
func wantedByCode(lines []Line) (codes []string, wanted map[string]int64) {
	wanted = make(map[string]int64, len(lines))
	for _, l := range lines {
		if _, ok := wanted[l.Code]; !ok {
			codes = append(codes, l.Code)
		}
		wanted[l.Code] -= l.Quantity
	}
	return codes, wanted
}
