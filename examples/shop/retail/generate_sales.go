package retail

import (
	"strconv"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/money"
)

func (g *generator) customer() string { return strconv.Itoa(12346 + g.rand.IntN(g.buyers)) }

// country of a customer; one of them moves about.
func (g *generator) country(customer string) string {
	switch customer {
	case guest, wholesale:
		return home
	case "12350":
		return [...]string{"Cyprus", "Austria"}[g.rand.IntN(2)]
	}
	return [...]string{home, "France", "EIRE", "Germany"}[int(customer[4])%4]
}

// order makes an invoice of a few lines, now and then with a code twice, a gift or
// postage.
func (g *generator) order(customer string) *draft {
	d := g.begin("", customer, g.country(customer))
	for range 1 + g.rand.IntN(9) {
		p := g.goods[g.rand.IntN(len(g.goods))]
		price := p.Price
		if g.rand.IntN(4) == 0 {
			price = max(1, price*85/100/10*10) // the price of larger quantities
		}
		switch g.rand.IntN(40) {
		case 0:
			price = 0
		case 1:
			d.add(p.Code, p.Description, 1, price+420)
		}
		d.add(p.Code, p.Description, int64(1+g.rand.IntN(24)), price)
	}
	switch {
	case customer == guest && g.rand.IntN(2) == 0:
		d.add("DOT", "DOTCOM POSTAGE", 1, money.Amount(1000+g.rand.IntN(90000)/10*10))
	case d.country != home:
		d.add("POST", "POSTAGE", int64(1+g.rand.IntN(3)), 18000)
	}
	return d
}

// twoPieces writes an order between the lines of another one.
func (g *generator) twoPieces() {
	outer, inner := g.order("12347"), g.order(guest)
	outer.add("POST", "POSTAGE", 1, 18000)
	g.writeLines(outer, outer.lines[:1])
	g.write(inner)
	g.writeLines(outer, outer.lines[1:])
	g.remember(outer)
}

func (g *generator) twoTimestamps() {
	d := g.order("12348")
	d.add("C2", "CARRIAGE", 1, 50000)
	g.writeLines(d, d.lines[:1])
	g.clock = g.clock.Add(time.Minute)
	g.writeLines(d, d.lines[1:])
	g.remember(d)
}

// sameCodeTwice sells one code at three prices on one invoice, beside its case twin.
func (g *generator) sameCodeTwice() {
	d := g.begin("", "12349", home)
	d.add("20700A", "LANTERN, RED ", 6, 1250)
	d.add("20700A", "LANTERN, RED ", 2, 1660)
	d.add("20700a", "LANTERN, BLUE", 3, 1650)
	d.add("20700A", "LANTERN, RED ", 1, 0)
	d.add("20713", "BOX OF 3 LANTERNS", 1, 1)
	g.write(d)
}

// badDebt writes invoices that begin with A, two of them at less than nothing.
func (g *generator) badDebt() {
	for _, price := range []money.Amount{11062060, -11062060, -11062060} {
		d := g.begin("A", guest, home)
		d.add("B", "Adjust bad debt", 1, price)
		g.write(d)
	}
}

// sellOut sells a code until a share of the stock below all of it cannot do.
func (g *generator) sellOut() {
	for range 5 {
		d := g.begin("", g.customer(), home)
		d.add("20726", "BOX OF 4 LANTERNS", 200, 850)
		d.add("20739", "BOX OF 5 LANTERNS", 1, 1950)
		g.write(d)
	}
}

// long writes an invoice of many lines with codes that come again.
func (g *generator) long() {
	d := g.begin("", guest, home)
	for i := range 320 {
		p := g.goods[i%len(g.goods)]
		d.add(p.Code, p.Description, int64(1+g.rand.IntN(3)), p.Price+money.Amount(i/len(g.goods))*100)
	}
	d.add("DOT", "DOTCOM POSTAGE", 1, 607490)
	g.write(d)
}

// giveAway sells at nothing, with and without a customer.
func (g *generator) giveAway() {
	for _, customer := range []string{guest, "12351"} {
		d := g.begin("", customer, home)
		d.add("20752", "", 56, 0)
		g.write(d)
	}
}

// buyWholesale buys for some nine thousand at once.
func (g *generator) buyWholesale() {
	d := g.begin("", wholesale, home)
	d.add("22000", "", int64(700+g.rand.IntN(50)), 12500)
	g.write(d)
}

// onlyFees writes orders of no goods: such an order needs no stock and no delivery.
func (g *generator) onlyFees() {
	d := g.begin("", "12352", home)
	d.add("M", "Manual", 1, 12750)
	g.write(d)
	d = g.begin("", guest, home)
	d.add("AMAZONFEE", "AMAZON FEE", 1, 13541330)
	g.write(d)
}
