package retail

import (
	"errors"
	"io"
	"time"
)

// Invoice is an invoice with all its lines, in the order of the file.
type Invoice struct {
	Number string
	// Customer is "" for a guest.
	Customer string
	Country  string
	// Date is that of its first line.
	Date  time.Time
	Lines []Line
}

// Cancels says whether the invoice takes earlier sales back.
func (i *Invoice) Cancels() bool { return Cancels(i.Number) }

// Assembler puts invoices together while a file is read for the second time. It
// holds the invoices that have begun and not ended, commonly one.
type Assembler struct {
	reader *Reader
	left   map[string]int // lines to come
	open   map[string]*Invoice
	read   int
}

// NewAssembler assembles the file that an [Inspection] was made of. It uses the
// inspection's counts up: each assembler needs a fresh copy, which it makes.
func NewAssembler(r *Reader, in *Inspection) *Assembler {
	left := make(map[string]int, len(in.invoices))
	for number, seen := range in.invoices {
		left[number] = seen.lines
	}
	return &Assembler{reader: r, left: left, open: map[string]*Invoice{}}
}

var errChanged = errors.New("the file has changed since it was inspected")

// Next returns the next invoice, in the order of their last lines, or io.EOF.
func (a *Assembler) Next() (*Invoice, error) {
	for {
		line, err := a.reader.Read()
		if errors.Is(err, io.EOF) && len(a.left) > 0 {
			return nil, a.reader.failed(a.reader.number+1, errChanged)
		}
		if err != nil {
			return nil, err
		}
		left, ok := a.left[line.Invoice]
		if !ok {
			return nil, a.reader.failed(line.Number, errChanged)
		}
		a.read++
		invoice := a.open[line.Invoice]
		if invoice == nil {
			invoice = &Invoice{Number: line.Invoice, Customer: line.Customer, Country: line.Country, Date: line.Date, Lines: make([]Line, 0, left)}
			a.open[line.Invoice] = invoice
		}
		invoice.Lines = append(invoice.Lines, line)
		if left > 1 {
			a.left[line.Invoice] = left - 1
			continue
		}
		delete(a.left, line.Invoice)
		delete(a.open, line.Invoice)
		return invoice, nil
	}
}

// Lines is how many lines were read so far.
func (a *Assembler) Lines() int { return a.read }
