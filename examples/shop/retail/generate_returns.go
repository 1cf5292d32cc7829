package retail

import "github.com/bailiwick/bailiwick/examples/shop/money"

// cancelBeforeAll cancels what was sold before the file begins.
func (g *generator) cancelBeforeAll() {
	d := g.begin("C", "12353", home)
	d.add("20765", "BOX OF 7 LANTERNS", -4, 2950)
	g.write(d)
}

// buyer is a customer with purchases, and the one of them to take back; ok is false
// if all that is left was written off or taken back.
func (g *generator) buyer() (customer string, p *purchase, ok bool) {
	customer = g.customer()
	for i := range g.bought[customer] {
		p := &g.bought[customer][i]
		if p.left > 0 && !IsFee(p.code) {
			return customer, p, true
		}
	}
	return customer, nil, false
}

// sell is what a cancellation does instead when its customer has bought nothing.
func (g *generator) sell(customer string) { g.write(g.order(customer)) }

// cancelSome takes back a part of a sale at the price paid.
func (g *generator) cancelSome() {
	customer, p, ok := g.buyer()
	if !ok {
		g.sell(customer)
		return
	}
	n := 1 + g.rand.Int64N(p.left)
	d := g.begin("C", customer, g.country(customer))
	d.add(p.code, "", -n, p.price)
	p.left -= n
	g.write(d)
}

// cancelAllAndMore takes back more than was sold, in two lines, and something that
// was not sold at all.
func (g *generator) cancelAllAndMore() {
	customer, p, ok := g.buyer()
	if !ok {
		g.sell(customer)
		return
	}
	d := g.begin("C", customer, g.country(customer))
	d.add(p.code, "", -p.left, p.price)
	d.add(p.code, "", -1000, p.price)
	d.add("21700", "WRONG CODE", -1, 2100)
	p.left = 0
	g.write(d)
}

// cancelAtOtherPrice takes back at a price that was never paid.
func (g *generator) cancelAtOtherPrice() {
	customer, p, ok := g.buyer()
	if !ok {
		g.sell(customer)
		return
	}
	d := g.begin("C", customer, g.country(customer))
	d.add(p.code, "", -1, p.price+330)
	p.left--
	g.write(d)
}

// cancelUnknownSale takes back what its customer never bought.
func (g *generator) cancelUnknownSale() {
	customer := g.customer()
	d := g.begin("C", customer, g.country(customer))
	d.add("21800", "", int64(-1-g.rand.IntN(5)), 4250)
	g.write(d)
}

// cancelByGuest takes back for nobody.
func (g *generator) cancelByGuest() {
	d := g.begin("C", guest, home)
	d.add("20700A", "LANTERN, RED ", -2, 1250)
	d.add("AMAZONFEE", "AMAZON FEE", -1, 13541330)
	g.write(d)
}

// discount is how the file grants one: a cancellation of something never sold.
func (g *generator) discount() {
	d := g.begin("C", "12349", home)
	d.add("D", "Discount", -1, 27500)
	g.write(d)
}

// cancelPostage takes back a fee that was charged, and the goods on its invoice.
func (g *generator) cancelPostage() {
	d := g.begin("", "12354", "France")
	d.add("20778", "BOX OF 8 LANTERNS", 3, 1050)
	d.add("POST", "POSTAGE", 2, 18000)
	g.write(d)
	d = g.begin("C", "12354", "France")
	d.add("POST", "POSTAGE", -1, 18000)
	d.add("20778", "BOX OF 8 LANTERNS", -3, 1050)
	g.write(d)
}

// writeOff writes off a few units that are likely to be there.
func (g *generator) writeOff() {
	p := g.goods[g.rand.IntN(len(g.goods))]
	g.adjust(p.Code, "damages", -1-g.rand.Int64N(3))
}

// writeOffTooMuch writes off far more than there can be.
func (g *generator) writeOffTooMuch() { g.adjust("20791", "check", -9600) }

// neverSold mentions codes that are only ever written off.
func (g *generator) neverSold() { g.adjust("DCGS0072", "", -1) }

func (g *generator) adjust(code, note string, quantity int64) {
	d := g.begin("", guest, home)
	d.add(code, note, quantity, money.Amount(0))
	g.write(d)
}
