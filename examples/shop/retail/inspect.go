package retail

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/bailiwick/bailiwick/examples/shop/money"
)

// Inspection is what the first reading of a file finds out.
type Inspection struct {
	// Lines, Invoices and Cancellations are how many there are.
	Lines, Invoices, Cancellations int
	// Longest is how many lines the longest invoice has.
	Longest int
	// Total is the sum of quantity × price of all lines; Positive of those whose
	// amount is above zero.
	Total, Positive money.Amount

	products  map[string]*Product
	customers map[string]*Customer
	invoices  map[string]seen
}

type seen struct {
	lines             int
	customer, country string
}

// Product is a code that the file mentions.
type Product struct {
	Code string
	// Description is the first one that is not empty.
	Description string
	// Fee says that it is a charge and has no stock.
	Fee bool
	// Price is the first one above zero.
	Price money.Amount
	// Sold is how many units orders ask for, and Removed how many adjustments
	// write off, both from 0.
	Sold, Removed int64
}

// Customer is a customer that the file mentions.
type Customer struct {
	ID string
	// Country is the latest one: a few moved.
	Country string
}

// MaxInvoice is the most lines that one invoice has.
const MaxInvoice = 5000

var (
	errMixed = errors.New("the invoice has lines of different customers or countries")
	errLong  = errors.New("the invoice has more than 5000 lines")
)

// Inspect reads a file to its end and finds every fault there is in it, so that
// nothing is done about a file that is broken further on.
func Inspect(ctx context.Context, r *Reader) (*Inspection, error) {
	in := &Inspection{products: map[string]*Product{}, customers: map[string]*Customer{}, invoices: map[string]seen{}}
	for {
		line, err := r.Read()
		if errors.Is(err, io.EOF) {
			return in, nil
		}
		if err != nil {
			return nil, err
		}
		if err := in.add(line); err != nil {
			return nil, r.failed(line.Number, err)
		}
		if in.Lines%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

func (in *Inspection) add(l Line) error {
	in.Lines++
	invoice, again := in.invoices[l.Invoice]
	if !again {
		invoice.customer, invoice.country = l.Customer, l.Country
		in.Invoices++
		if Cancels(l.Invoice) {
			in.Cancellations++
		}
	}
	if invoice.customer != l.Customer || invoice.country != l.Country {
		return errMixed
	}
	if invoice.lines++; invoice.lines > MaxInvoice {
		return errLong
	}
	in.invoices[l.Invoice] = invoice
	in.Longest = max(in.Longest, invoice.lines)

	amount, err := l.Amount()
	if err != nil {
		return err
	}
	if in.Total, err = in.Total.Plus(amount); err != nil {
		return err
	}
	if in.Positive, err = in.Positive.Plus(max(amount, 0)); err != nil {
		return err
	}
	in.addProduct(l)
	if l.Customer != "" {
		if known := in.customers[l.Customer]; known == nil {
			in.customers[l.Customer] = &Customer{ID: l.Customer, Country: l.Country}
		} else {
			known.Country = l.Country
		}
	}
	return nil
}

func (in *Inspection) addProduct(l Line) {
	p := in.products[l.Code]
	if p == nil {
		p = &Product{Code: l.Code, Fee: IsFee(l.Code)}
		in.products[l.Code] = p
	}
	if p.Description == "" {
		p.Description = strings.TrimSpace(l.Description)
	}
	if p.Price == 0 {
		p.Price = max(l.Price, 0)
	}
	switch {
	case Cancels(l.Invoice):
	case l.Quantity > 0:
		p.Sold += l.Quantity
	default:
		p.Removed -= l.Quantity
	}
}

// Products returns what the file mentions, by code.
func (in *Inspection) Products() []Product { return sorted(in.products) }

// Customers returns who the file mentions, by id.
func (in *Inspection) Customers() []Customer { return sorted(in.customers) }

func sorted[T any](m map[string]*T) []T {
	list := make([]T, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		list = append(list, *m[key])
	}
	return list
}
