// Package retail reads a real shop's year of trade: the file format of "Online
// Retail" (Daqing Chen, 2015, doi:10.24432/C5BW33), every transaction line of a gift
// shop in the order of time, as CSV, plain or gzipped.
//
// The [Reader] is strict: what it does not understand is an error with the line's
// number. A file is read twice, because its invoices are not contiguous: [Inspect]
// takes stock of it, and an [Assembler] then puts complete invoices together.
// [Generate] writes small files with all the dirt of the real one.
package retail

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/money"
)

// Columns is the header that a file begins with.
var Columns = [...]string{"InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"}

// DateLayout is how dates are written. They are taken as UTC.
const DateLayout = "2006-01-02 15:04:05"

// Line is one line of the file.
type Line struct {
	// Number is where it stands in the file; the header is line 1.
	Number int
	// Invoice is the invoice it belongs to. One that begins with C cancels sales.
	Invoice string
	// Code is the product's. Case matters: some codes have a case twin.
	Code string
	// Description is for people, often missing or a note of the stock-keeper.
	Description string
	// Quantity is not zero; below zero units come back or are written off.
	Quantity int64
	// Date is when it was written.
	Date time.Time
	// Price is what a unit costs. It can be zero, and below zero where bad debt is
	// written off.
	Price money.Amount
	// Customer is a number without decimals; "" where it is missing.
	Customer string
	// Country is the customer's.
	Country string
}

// Cancels says whether an invoice takes earlier sales back.
func Cancels(invoice string) bool { return strings.HasPrefix(invoice, "C") }

// Amount is quantity × price.
func (l Line) Amount() (money.Amount, error) { return l.Price.Times(l.Quantity) }

// parse reads the fields of a record but for its date, which the reader remembers.
func (l *Line) parse(record []string) error {
	quantity, err := strconv.ParseInt(record[3], 10, 64)
	switch {
	case err != nil:
		return fmt.Errorf("the quantity %q is no whole number", record[3])
	case quantity == 0:
		return errors.New("the quantity is zero")
	}
	price, err := money.Parse(record[5])
	if err != nil {
		return fmt.Errorf("the unit price: %w", err)
	}
	customer, err := parseCustomer(record[6])
	if err != nil {
		return err
	}
	l.Invoice, l.Code, l.Description, l.Country = record[0], record[1], record[2], record[7]
	l.Quantity, l.Price, l.Customer = quantity, price, customer
	return l.check()
}

// parseCustomer reads "17850.0", as spreadsheets write a number that can be
// missing, and "17850".
func parseCustomer(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	id := strings.TrimSuffix(s, ".0")
	if _, err := strconv.ParseUint(id, 10, 63); err != nil {
		return "", fmt.Errorf("the customer %q is no number", s)
	}
	return id, nil
}

// Limits of a line: more than any shop's books hold, and what the services take.
const (
	maxQuantity    = 1_000_000_000
	maxText        = 64
	maxDescription = 500
)

// check refuses what the shop would have no rule for.
func (l *Line) check() error {
	switch {
	case l.Quantity > maxQuantity || l.Quantity < -maxQuantity:
		return fmt.Errorf("the quantity is beyond %d", maxQuantity)
	case len(l.Invoice) > maxText || len(l.Code) > maxText || len(l.Country) > maxText:
		return fmt.Errorf("the invoice, code or country has more than %d bytes", maxText)
	case len(l.Description) > maxDescription:
		return fmt.Errorf("the description has more than %d bytes", maxDescription)
	case l.Invoice == "":
		return errors.New("the invoice number is missing")
	case l.Code == "":
		return errors.New("the stock code is missing")
	case l.Country == "":
		return errors.New("the country is missing")
	case Cancels(l.Invoice) && l.Quantity > 0:
		return errors.New("a cancellation sells something")
	case !Cancels(l.Invoice) && l.Quantity < 0 && l.Price != 0:
		return errors.New("stock is written off at a price")
	case l.Quantity < 0 && l.Price < 0:
		return errors.New("both quantity and price are negative")
	}
	if _, err := l.Amount(); err != nil {
		return err
	}
	return nil
}
