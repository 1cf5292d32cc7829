package order

import (
	"errors"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
)

// Document is an order, a return or an adjustment with all its lines.
type Document struct {
	orderapi.Summary
	Lines []Line
}

// Line is one line of a document.
type Line struct {
	// N counts from 1.
	N int
	// Code is the product's, Kind says whether it is goods or a fee, in the words of
	// the catalog.
	Code, Kind string
	// Quantity is signed: negative for returns and adjustments.
	Quantity int64
	// UnitPrice is in thousandths, as the request stated it.
	UnitPrice int64
	// Returned is how many units of a sold line came back later.
	Returned int64
	// Matched is how many units of a return's line found an earlier sale, and
	// Refund what those had cost.
	Matched, Refund int64
}

// Request is what was asked for, of any kind of document.
type Request struct {
	// Kind is one of orderapi's kinds of documents.
	Kind                                         string
	Reference, Customer, Country, Currency, Date string
	Lines                                        []orderapi.Line
}

// Limits of what a request may state. No document of a real shop comes near them.
const (
	maxText     = 64
	maxCountry  = 100
	maxQuantity = 1_000_000_000
)

// Compose makes the pending document that r asks for, named id. kindOf tells the
// kind of a product, or "" if there is none of that code; now is the date of a
// request that states none. A request that breaks a rule has the code
// [bailiwick.Invalid] and says which line broke it.
//
// The unit prices of an order may be negative here: such an order is refused with
// a record of it, see [NegativePrice].
func Compose(id string, r Request, now time.Time, kindOf func(code string) (string, error)) (*Document, error) {
	if err := r.check(); err != nil {
		return nil, r.invalid(err)
	}
	doc := &Document{
		Summary: orderapi.Summary{
			ID: id, Kind: r.Kind, Reference: r.Reference, Customer: r.Customer, Country: r.Country,
			Currency: r.Currency, Date: r.Date, Status: orderapi.StatusPending,
		},
		Lines: make([]Line, len(r.Lines)),
	}
	if doc.Date == "" {
		doc.Date = now.UTC().Format(time.RFC3339)
	}
	var total money.Amount
	for i, asked := range r.Lines {
		kind, err := kindOf(asked.Code)
		if err != nil {
			return nil, err
		}
		if kind == "" {
			return nil, r.invalid(fmt.Errorf("line %d: the catalog lists no product with the code %q", i+1, asked.Code))
		}
		if err := checkLine(r.Kind, asked); err != nil {
			return nil, r.invalid(fmt.Errorf("line %d: %w", i+1, err))
		}
		line := Line{N: i + 1, Code: asked.Code, Kind: kind, Quantity: asked.Quantity, UnitPrice: asked.UnitPrice}
		if r.Kind == orderapi.KindReturn {
			line.Quantity = -line.Quantity
		}
		if total, err = add(total, line); err != nil {
			return nil, r.invalid(fmt.Errorf("line %d: %w", i+1, err))
		}
		doc.Goods = doc.Goods || kind == catalogapi.Goods
		doc.Lines[i] = line
	}
	doc.Total = int64(total)
	return doc, nil
}

func add(total money.Amount, l Line) (money.Amount, error) {
	amount, err := money.Amount(l.UnitPrice).Times(l.Quantity)
	if err != nil {
		return 0, err
	}
	return total.Plus(amount)
}

func (r Request) check() error {
	switch {
	case r.Reference == "" || len(r.Reference) > maxText:
		return fmt.Errorf("the reference must have 1 to %d bytes", maxText)
	case len(r.Customer) > maxText:
		return fmt.Errorf("the customer's id must have at most %d bytes", maxText)
	case r.Currency != orderapi.Currency:
		return fmt.Errorf("the currency is %q, and the shop trades in %s only", r.Currency, orderapi.Currency)
	case r.Kind != orderapi.KindAdjustment && (r.Country == "" || len(r.Country) > maxCountry):
		return fmt.Errorf("the country must have 1 to %d bytes", maxCountry)
	case len(r.Lines) == 0:
		return errors.New("there are no lines")
	case len(r.Lines) > orderapi.MaxLines:
		return fmt.Errorf("there are %d lines, more than %d", len(r.Lines), orderapi.MaxLines)
	}
	if r.Date != "" {
		if _, err := time.Parse(time.RFC3339, r.Date); err != nil {
			return fmt.Errorf("the date %q is not of the form 2010-12-01T08:26:00Z", r.Date)
		}
	}
	return nil
}

func checkLine(kind string, l orderapi.Line) error {
	if kind == orderapi.KindAdjustment {
		switch {
		case l.Quantity >= 0 || l.Quantity < -maxQuantity:
			return fmt.Errorf("an adjustment's quantity must be from %d to -1, it is %d", -maxQuantity, l.Quantity)
		case l.UnitPrice != 0:
			return fmt.Errorf("an adjustment's unit price must be 0, it is %d", l.UnitPrice)
		}
		return nil
	}
	switch {
	case l.Quantity <= 0 || l.Quantity > maxQuantity:
		return fmt.Errorf("the quantity must be from 1 to %d, it is %d", maxQuantity, l.Quantity)
	case l.UnitPrice < 0 && kind == orderapi.KindReturn:
		return fmt.Errorf("a return's unit price must not be negative, it is %d", l.UnitPrice)
	}
	return nil
}

func (r Request) invalid(err error) error {
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: "order: " + r.Kind, Err: err,
		Do: "correct the request; nothing was stored"}
}

// NegativePrice says whether a line costs less than nothing. An order with such a
// line is stored as rejected.
func (d *Document) NegativePrice() bool {
	for i := range d.Lines {
		if d.Lines[i].UnitPrice < 0 {
			return true
		}
	}
	return false
}

// Units is the number of units of goods, without sign.
func (d *Document) Units() int64 {
	var n int64
	for i := range d.Lines {
		if d.Lines[i].Kind == catalogapi.Goods {
			n += d.Lines[i].Quantity
		}
	}
	return max(n, -n)
}

// accountKey is the message key of everything about a document: all of a
// customer's take effect in order, a guest's are on their own.
func accountKey(customer, document string) string {
	if customer != "" {
		return customer
	}
	return document
}
