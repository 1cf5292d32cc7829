package order_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/order"
)

func TestMatchReturnTakesTheLatestSalesFirst(t *testing.T) {
	sales := []order.Sale{ // latest first
		{Document: "o3", N: 2, Code: "A", Left: 1, UnitPrice: 300},
		{Document: "o3", N: 1, Code: "B", Left: 9, UnitPrice: 900},
		{Document: "o2", N: 1, Code: "A", Left: 2, UnitPrice: 200},
		{Document: "o1", N: 1, Code: "A", Left: 5, UnitPrice: 100},
	}
	cases := []struct {
		name  string
		lines []order.Line
		want  []order.Match
	}{
		{"one sale covers it", []order.Line{{N: 1, Code: "A", Quantity: -1}},
			[]order.Match{{Line: 1, Document: "o3", N: 2, Quantity: 1, UnitPrice: 300}}},
		{"it goes on to earlier sales", []order.Line{{N: 1, Code: "A", Quantity: -4}},
			[]order.Match{
				{Line: 1, Document: "o3", N: 2, Quantity: 1, UnitPrice: 300},
				{Line: 1, Document: "o2", N: 1, Quantity: 2, UnitPrice: 200},
				{Line: 1, Document: "o1", N: 1, Quantity: 1, UnitPrice: 100},
			}},
		{"the second line of a code takes what the first left", []order.Line{{N: 1, Code: "A", Quantity: -2}, {N: 2, Code: "A", Quantity: -1}},
			[]order.Match{
				{Line: 1, Document: "o3", N: 2, Quantity: 1, UnitPrice: 300},
				{Line: 1, Document: "o2", N: 1, Quantity: 1, UnitPrice: 200},
				{Line: 2, Document: "o2", N: 1, Quantity: 1, UnitPrice: 200},
			}},
		{"the rest stays unmatched", []order.Line{{N: 1, Code: "A", Quantity: -100}},
			[]order.Match{
				{Line: 1, Document: "o3", N: 2, Quantity: 1, UnitPrice: 300},
				{Line: 1, Document: "o2", N: 1, Quantity: 2, UnitPrice: 200},
				{Line: 1, Document: "o1", N: 1, Quantity: 5, UnitPrice: 100},
			}},
		{"case of codes matters", []order.Line{{N: 1, Code: "a", Quantity: -1}}, nil},
		{"a code never sold", []order.Line{{N: 1, Code: "C", Quantity: -1}}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := order.MatchReturn(c.lines, sales); !slices.Equal(got, c.want) {
				t.Errorf("matches\n%v\nwanted\n%v", got, c.want)
			}
		})
	}
}

// unit is one unit of a sale, as the plainest possible model of a shop keeps it.
type unit struct {
	code     string
	document string
	n        int
	price    int64
	taken    bool
}

// byUnits returns a return's lines one unit at a time: each takes the latest unit
// of its code that nobody took.
func byUnits(lines []order.Line, sales []order.Sale) (refunds []int64, taken map[string]int64) {
	var units []unit
	for _, s := range sales {
		for range s.Left {
			units = append(units, unit{s.Code, s.Document, s.N, s.UnitPrice, false})
		}
	}
	refunds, taken = make([]int64, len(lines)), map[string]int64{}
	for i, l := range lines {
		for range -l.Quantity {
			for u := range units {
				if !units[u].taken && units[u].code == l.Code {
					units[u].taken = true
					refunds[i] += units[u].price
					taken[units[u].document]++
					break
				}
			}
		}
	}
	return refunds, taken
}

func TestMatchReturnAgreesWithReturningUnitByUnit(t *testing.T) {
	code := rapid.SampledFrom([]string{"A", "a", "B", "POST"})
	rapid.Check(t, func(t *rapid.T) {
		var sales []order.Sale
		for i := range rapid.IntRange(0, 8).Draw(t, "sales") {
			sales = append(sales, order.Sale{Document: string(rune('z' - i)), N: 1, Code: code.Draw(t, "sold"),
				Left: rapid.Int64Range(1, 6).Draw(t, "left"), UnitPrice: rapid.Int64Range(0, 9).Draw(t, "price")})
		}
		doc := order.Document{}
		for i := range rapid.IntRange(1, 5).Draw(t, "lines") {
			doc.Lines = append(doc.Lines, order.Line{N: i + 1, Code: code.Draw(t, "returned"), Kind: catalogapi.Goods,
				Quantity: -rapid.Int64Range(1, 9).Draw(t, "quantity")})
		}

		matches := order.MatchReturn(doc.Lines, sales)
		doc.Apply(matches)
		doc.Apply(matches) // as when a transaction runs again

		refunds, taken := byUnits(doc.Lines, sales)
		var total int64
		for i, l := range doc.Lines {
			if l.Refund != refunds[i] {
				t.Errorf("line %d refunds %d, unit by unit %d", l.N, l.Refund, refunds[i])
			}
			if l.Matched > -l.Quantity {
				t.Errorf("line %d matched %d of %d", l.N, l.Matched, -l.Quantity)
			}
			total += l.Refund
		}
		if doc.Refund != total {
			t.Errorf("the return refunds %d, its lines %d", doc.Refund, total)
		}
		got := map[string]int64{}
		for _, m := range matches {
			got[m.Document] += m.Quantity
		}
		for _, s := range sales {
			if got[s.Document] != taken[s.Document] {
				t.Errorf("%d units were taken from %s, unit by unit %d", got[s.Document], s.Document, taken[s.Document])
			}
		}
	})
}
