package retail

import (
	"encoding/csv"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
)

// MinInvoices is the least number of invoices that has room for every kind of dirt.
const MinInvoices = 60

// Generate writes a file of about so many invoices (at least [MinInvoices]) that
// has every kind of dirt of the real one: missing customers, lines at nothing and
// at less than nothing, fees, case twins, a code several times on an invoice at
// several prices, an invoice in two pieces, one over two timestamps, a long one,
// write-offs larger than the stock, and cancellations that match an earlier sale,
// exceed it, name another price, find none, or come before all sales. A wholesale
// customer buys for more than 20,000.
//
// The same seed and number give the same file, byte for byte.
func Generate(w io.Writer, seed uint64, invoices int) error {
	g := &generator{
		csv:    csv.NewWriter(w),
		rand:   rand.New(rand.NewPCG(seed, 0)),
		clock:  time.Date(2010, time.December, 1, 8, 26, 0, 0, time.UTC),
		number: 536365,
		buyers: max(25, invoices/12),
		bought: map[string][]purchase{},
	}
	g.stockShelves()
	err := g.csv.Write(Columns[:])
	for i := range max(invoices, MinInvoices) {
		if err != nil {
			break
		}
		g.trade(i)
		err = g.csv.Error()
	}
	g.csv.Flush()
	if err == nil {
		err = g.csv.Error()
	}
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "retail: generate", Err: err}
	}
	return nil
}

// generator is the state of a shop that is being made up.
type generator struct {
	csv    *csv.Writer
	rand   *rand.Rand
	clock  time.Time
	number int
	goods  []Product
	buyers int                   // how many customers there are, so that a large file has room for many at once
	bought map[string][]purchase // by customer, while units are left
}

type purchase struct {
	code  string
	left  int64
	price money.Amount
}

// draft is an invoice that is being written.
type draft struct {
	number, customer, country string
	lines                     []Line
}

const (
	guest     = ""
	home      = "United Kingdom"
	wholesale = "18102"
)

func (g *generator) stockShelves() {
	for i := range 70 {
		code := strconv.Itoa(20700 + 13*i)
		g.shelve(code, "BOX OF "+strconv.Itoa(i+2)+" LANTERNS", money.Amount(290+g.rand.IntN(120)*50))
		if i%10 == 0 { // a case twin: two products whose codes differ in case alone
			g.shelve(code+"A", "LANTERN, RED ", 1250)
			g.shelve(code+"a", "LANTERN, BLUE", 1650)
		}
	}
	g.shelve("DCGS0003", "BOXED GLASS ASHTRAY", 2100)
	g.shelve("gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", 17020)
	g.shelve("PADS", "PADS TO MATCH ALL CUSHIONS", 1)
}

func (g *generator) shelve(code, description string, price money.Amount) {
	g.goods = append(g.goods, Product{Code: code, Description: description, Price: price})
}

// script are the invoices that every file has at these places, so that no kind of
// dirt is left to chance.
var script = map[int]func(*generator){
	0:  (*generator).cancelBeforeAll,
	5:  (*generator).twoPieces,
	7:  (*generator).twoTimestamps,
	9:  (*generator).sameCodeTwice,
	11: (*generator).badDebt,
	13: (*generator).sellOut,
	15: (*generator).writeOffTooMuch,
	17: (*generator).cancelAllAndMore,
	19: (*generator).cancelAtOtherPrice,
	21: (*generator).cancelUnknownSale,
	23: (*generator).cancelByGuest,
	25: (*generator).discount,
	27: (*generator).neverSold,
	29: (*generator).long,
	31: (*generator).giveAway,
	33: (*generator).buyWholesale,
	35: (*generator).buyWholesale,
	37: (*generator).buyWholesale,
	39: (*generator).buyWholesale,
	41: (*generator).cancelSome,
	43: (*generator).onlyFees,
	45: (*generator).cancelPostage,
}

// trade writes the next invoice.
func (g *generator) trade(i int) {
	g.clock = g.clock.Add(time.Duration(1+g.rand.IntN(9)) * time.Minute)
	if act, ok := script[i]; ok {
		act(g)
		return
	}
	switch n := g.rand.IntN(100); {
	case n < 62:
		g.write(g.order(g.customer()))
	case n < 76:
		g.write(g.order(guest))
	case n < 84:
		g.cancelSome()
	case n < 87:
		g.cancelAllAndMore()
	case n < 89:
		g.cancelAtOtherPrice()
	case n < 91:
		g.cancelUnknownSale()
	case n < 93:
		g.buyWholesale()
	case n < 98:
		g.writeOff()
	default:
		g.writeOffTooMuch()
	}
}

// begin begins an invoice with the next number.
func (g *generator) begin(prefix, customer, country string) *draft {
	number := prefix + strconv.Itoa(g.number)
	g.number += 1 + g.rand.IntN(2)
	return &draft{number: number, customer: customer, country: country}
}

func (d *draft) add(code, description string, quantity int64, price money.Amount) {
	d.lines = append(d.lines, Line{Code: code, Description: description, Quantity: quantity, Price: price})
}

// write writes an invoice at one moment.
func (g *generator) write(d *draft) {
	g.writeLines(d, d.lines)
	g.remember(d)
}

// remember keeps what a customer bought, for cancellations to find.
func (g *generator) remember(d *draft) {
	if d.customer == guest || Cancels(d.number) {
		return
	}
	for _, l := range d.lines {
		g.bought[d.customer] = append(g.bought[d.customer], purchase{l.Code, l.Quantity, l.Price})
	}
}

func (g *generator) writeLines(d *draft, lines []Line) {
	customer := ""
	if d.customer != guest {
		customer = d.customer + ".0"
	}
	for _, l := range lines {
		// An error stays with the writer, which trade's caller asks for it.
		_ = g.csv.Write([]string{d.number, l.Code, l.Description, strconv.FormatInt(l.Quantity, 10),
			g.clock.Format(DateLayout), decimal(l.Price), customer, d.country})
	}
}

// decimal writes a price as spreadsheets do: "2.55", "3.0", "0.001".
func decimal(a money.Amount) string {
	text := a.String()
	for text[len(text)-1] == '0' && text[len(text)-2] != '.' {
		text = text[:len(text)-1]
	}
	return text
}
