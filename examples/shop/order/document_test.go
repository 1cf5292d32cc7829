package order_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/order"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

var noon = time.Date(2010, 12, 1, 12, 0, 0, 0, time.UTC)

// kindOf lists MUG and mug as goods and POST as a fee.
func kindOf(code string) (string, error) {
	return map[string]string{"MUG": catalogapi.Goods, "mug": catalogapi.Goods, "POST": catalogapi.Fee}[code], nil
}

func asked(kind string, lines ...orderapi.Line) order.Request {
	return order.Request{Kind: kind, Reference: "536365", Customer: "17850", Country: "United Kingdom", Currency: "GBP", Lines: lines}
}

func TestComposeSignsQuantitiesAndAddsUp(t *testing.T) {
	mug := orderapi.Line{Code: "MUG", Quantity: 2, UnitPrice: 2550}
	post := orderapi.Line{Code: "POST", Quantity: 1, UnitPrice: 18000}
	cases := []struct {
		name         string
		request      order.Request
		total, units int64
		goods        bool
	}{
		{"an order with postage", asked(orderapi.KindOrder, mug, post), 23100, 2, true},
		{"an order of postage only", asked(orderapi.KindOrder, post), 18000, 0, false},
		{"goods given away", asked(orderapi.KindOrder, orderapi.Line{Code: "mug", Quantity: 3}), 0, 3, true},
		{"a return", asked(orderapi.KindReturn, mug), -5100, 2, true},
		{"an adjustment", asked(orderapi.KindAdjustment, orderapi.Line{Code: "MUG", Quantity: -7}), 0, 7, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			d, err := order.Compose("d1", c.request, noon, kindOf)
			if err != nil {
				t.Fatal(err)
			}
			if d.Total != c.total || d.Units() != c.units || d.Goods != c.goods {
				t.Errorf("total %d, units %d, goods %v; wanted %d, %d, %v", d.Total, d.Units(), d.Goods, c.total, c.units, c.goods)
			}
			if d.Status != orderapi.StatusPending || d.Date != "2010-12-01T12:00:00Z" || d.Lines[0].N != 1 {
				t.Errorf("status %s, date %s, first line %d", d.Status, d.Date, d.Lines[0].N)
			}
		})
	}
}

func TestComposeRefusesWhatBreaksARule(t *testing.T) {
	line := orderapi.Line{Code: "MUG", Quantity: 1, UnitPrice: 1}
	with := func(kind string, change func(*order.Request)) order.Request {
		r := asked(kind, line)
		change(&r)
		return r
	}
	cases := []struct {
		name    string
		request order.Request
		says    string
	}{
		{"no reference", with(orderapi.KindOrder, func(r *order.Request) { r.Reference = "" }), "reference"},
		{"a long reference", with(orderapi.KindOrder, func(r *order.Request) { r.Reference = strings.Repeat("x", 65) }), "reference"},
		{"a long customer", with(orderapi.KindOrder, func(r *order.Request) { r.Customer = strings.Repeat("x", 65) }), "customer"},
		{"no country", with(orderapi.KindReturn, func(r *order.Request) { r.Country = "" }), "country"},
		{"a wrong currency", with(orderapi.KindOrder, func(r *order.Request) { r.Currency = "EUR" }), `"EUR"`},
		{"a date of another form", with(orderapi.KindOrder, func(r *order.Request) { r.Date = "12/1/2010 8:26" }), "date"},
		{"no lines", with(orderapi.KindOrder, func(r *order.Request) { r.Lines = nil }), "no lines"},
		{"too many lines", with(orderapi.KindOrder, func(r *order.Request) { r.Lines = make([]orderapi.Line, 5001) }), "5001 lines"},
		{"an unknown code", asked(orderapi.KindOrder, line, orderapi.Line{Code: "CUP", Quantity: 1}), `line 2: the catalog lists no product with the code "CUP"`},
		{"an order of nothing", asked(orderapi.KindOrder, orderapi.Line{Code: "MUG"}), "quantity"},
		{"a negative order", asked(orderapi.KindOrder, orderapi.Line{Code: "MUG", Quantity: -1}), "quantity"},
		{"a negative return", asked(orderapi.KindReturn, orderapi.Line{Code: "MUG", Quantity: -1}), "quantity"},
		{"a return at a negative price", asked(orderapi.KindReturn, orderapi.Line{Code: "MUG", Quantity: 1, UnitPrice: -1}), "price"},
		{"a positive adjustment", asked(orderapi.KindAdjustment, orderapi.Line{Code: "MUG", Quantity: 1}), "quantity"},
		{"an adjustment at a price", asked(orderapi.KindAdjustment, orderapi.Line{Code: "MUG", Quantity: -1, UnitPrice: 1}), "price"},
		{"more units than there can be", asked(orderapi.KindOrder, orderapi.Line{Code: "MUG", Quantity: 1_000_000_001}), "quantity"},
		{"an amount that does not fit", asked(orderapi.KindOrder, orderapi.Line{Code: "MUG", Quantity: 2, UnitPrice: math.MaxInt64}), "too large"},
		{"a total that does not fit", asked(orderapi.KindOrder, orderapi.Line{Code: "MUG", Quantity: 1, UnitPrice: math.MaxInt64}, line), "line 2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := order.Compose("d1", c.request, noon, kindOf)
			if bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; wanted it to be invalid and to say %s", err, c.says)
			}
		})
	}
}

func TestOutcomeFollowsFromTheDocument(t *testing.T) {
	cases := []struct {
		document, status, reason, line string
		matched                        bool
		outcome, why                   string
	}{
		{"order", "PENDING", "", "goods", false, "pending", ""},
		{"order", "CONFIRMED", "", "goods", false, "sold", ""},
		{"order", "CONFIRMED", "", "fee", false, "fee", ""},
		{"order", "REJECTED", "out-of-stock", "goods", false, "rejected", "out-of-stock"},
		{"order", "REJECTED", "credit-limit", "fee", false, "rejected", "credit-limit"},
		{"return", "PENDING", "", "goods", true, "pending", ""},
		{"return", "ACCEPTED", "", "goods", true, "returned", ""},
		{"return", "ACCEPTED", "", "fee", true, "returned", ""},
		{"return", "ACCEPTED", "", "goods", false, "rejected", "no-earlier-sale"},
		{"return", "REJECTED", "not-captured", "goods", false, "rejected", "not-captured"},
		{"adjustment", "PENDING", "", "goods", false, "pending", ""},
		{"adjustment", "ACCEPTED", "", "goods", false, "adjusted", ""},
		{"adjustment", "ACCEPTED", "", "fee", false, "adjusted", ""},
		{"adjustment", "REJECTED", "exceeds-stock", "goods", false, "rejected", "exceeds-stock"},
	}
	for _, c := range cases {
		outcome, why := order.Outcome(c.document, c.status, c.reason, c.line, c.matched)
		if outcome != c.outcome || why != c.why {
			t.Errorf("a %s line of a %s %s (matched %v) is %s %q, wanted %s %q", c.line, c.status, c.document, c.matched, outcome, why, c.outcome, c.why)
		}
	}
}

func TestANegativePriceAnywhereIsFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := asked(orderapi.KindOrder)
		negative := false
		for range rapid.IntRange(1, 6).Draw(t, "lines") {
			price := rapid.Int64Range(-3, 100).Draw(t, "price")
			negative = negative || price < 0
			r.Lines = append(r.Lines, orderapi.Line{Code: "POST", Quantity: 1, UnitPrice: price})
		}
		d, err := order.Compose("d1", r, noon, kindOf)
		if err != nil {
			t.Fatal(err)
		}
		if d.NegativePrice() != negative {
			t.Errorf("a negative price is found: %v, wanted %v", d.NegativePrice(), negative)
		}
	})
}
