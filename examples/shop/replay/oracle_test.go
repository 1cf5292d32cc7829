package replay_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// figures are what the oracle and the shop must agree on when neither stock nor
// credit is limited. Amounts are in thousandths.
type figures struct {
	lines     map[string]lineFigures // by "outcome reason"
	documents map[string][3]int64    // by "kind status reason": number, total, refund
	captured  int64
	refunded  int64
	stock     map[string][3]int64 // by code: sold, returned, adjusted
}

type lineFigures struct{ lines, units, amount, matched, refund int64 }

// foretell computes, from the CSV alone and without any of the shop's code, what a
// shop with unlimited stock and credit must come to.
func foretell(t testing.TB, file []byte) figures {
	t.Helper()
	f := figures{lines: map[string]lineFigures{}, documents: map[string][3]int64{}, stock: map[string][3]int64{}}
	type sale struct {
		code        string
		left, price int64
	}
	sales := map[string][]*sale{}
	for _, inv := range readInvoices(t, file) {
		var negative, positive bool
		for _, r := range inv {
			negative = negative || r.price < 0
			positive = positive || r.quantity > 0
		}
		var total, refund int64
		anyMatched := false
		matched, refunds := make([]int64, len(inv)), make([]int64, len(inv))
		for i, r := range inv {
			total += r.quantity * r.price
			if !r.cancels || r.customer == "" {
				continue
			}
			bought := sales[r.customer]
			for j := len(bought) - 1; j >= 0 && matched[i] < -r.quantity; j-- {
				if s := bought[j]; s.code == r.code && s.left > 0 {
					n := min(s.left, -r.quantity-matched[i])
					s.left -= n
					matched[i] += n
					refunds[i] += n * s.price
				}
			}
			refund += refunds[i]
			anyMatched = anyMatched || matched[i] > 0
		}
		document := "order CONFIRMED "
		switch {
		case inv[0].cancels && anyMatched:
			document = "return ACCEPTED "
			f.refunded += refund
		case inv[0].cancels:
			document = "return REJECTED no-earlier-sale"
		case !positive:
			document = "adjustment ACCEPTED "
		case negative:
			document = "order REJECTED negative-price"
		default:
			f.captured += total
		}
		d := f.documents[document]
		f.documents[document] = [3]int64{d[0] + 1, d[1] + total, d[2] + refund}

		for i, r := range inv {
			outcome := "sold "
			stock := f.stock[r.code]
			switch {
			case r.cancels && matched[i] > 0:
				outcome = "returned "
				stock[1] += matched[i]
			case r.cancels:
				outcome = "rejected no-earlier-sale"
			case r.quantity < 0:
				outcome = "adjusted "
				stock[2] += r.quantity
			case negative:
				outcome = "rejected negative-price"
			default:
				if r.fee {
					outcome = "fee "
				}
				stock[0] += r.quantity
				sales[r.customer] = append(sales[r.customer], &sale{r.code, r.quantity, r.price})
			}
			if !r.fee {
				f.stock[r.code] = stock
			}
			l := f.lines[outcome]
			f.lines[outcome] = lineFigures{l.lines + 1, l.units + r.quantity, l.amount + r.quantity*r.price, l.matched + matched[i], l.refund + refunds[i]}
		}
	}
	return f
}

type row struct {
	code, customer  string
	quantity, price int64
	cancels, fee    bool
}

// readInvoices returns the invoices in the order of their last lines.
func readInvoices(t testing.TB, file []byte) [][]row {
	t.Helper()
	var in io.Reader = bytes.NewReader(file)
	if bytes.HasPrefix(file, []byte{0x1f, 0x8b}) {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		in = unpacked
	}
	r := csv.NewReader(in)
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	records = records[1:]
	fee := map[string]bool{}
	for code := range strings.SplitSeq("POST,DOT,M,m,C2,D,S,B,BANK CHARGES,AMAZONFEE,CRUK", ",") {
		fee[code] = true
	}
	left, invoices := map[string]int{}, map[string][]row{}
	for _, rec := range records {
		left[rec[0]]++
	}
	var list [][]row
	for _, rec := range records {
		customer, _, _ := strings.Cut(rec[6], ".")
		one := row{code: rec[1], customer: customer, quantity: whole(t, rec[3], 1), price: whole(t, rec[5], 1000), cancels: rec[0][0] == 'C', fee: fee[rec[1]]}
		invoices[rec[0]] = append(invoices[rec[0]], one)
		if left[rec[0]]--; left[rec[0]] == 0 {
			list = append(list, invoices[rec[0]])
			delete(invoices, rec[0])
		}
	}
	return list
}

func whole(t testing.TB, text string, scale int64) int64 {
	t.Helper()
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	if n.Mul(n, big.NewRat(scale, 1)); !n.IsInt() {
		t.Fatalf("%q × %d is not whole", text, scale)
	}
	return n.Num().Int64()
}

// observe reads the same figures from the shop.
func observe(t testing.TB, c *shop.Clients, r *replay.Report) figures {
	t.Helper()
	f := figures{lines: map[string]lineFigures{}, documents: map[string][3]int64{}, stock: map[string][3]int64{}}
	for _, l := range r.Lines {
		f.lines[l.Outcome+" "+l.Reason] = lineFigures{l.Lines, l.Units, l.Amount, l.Matched, l.Refund}
	}
	for _, d := range r.Documents {
		f.documents[d.Kind+" "+d.Status+" "+d.Reason] = [3]int64{d.Documents, d.Total, d.Refund}
	}
	payments, err := c.Payment.Report(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	f.captured, f.refunded = payments.Captured, payments.Refunded
	page := web.Page{Limit: 1000}
	for {
		p, err := c.Inventory.List(context.Background(), page)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Stock {
			f.stock[s.Code] = [3]int64{s.Sold, s.Returned, s.Adjusted}
			page.After = s.Code
		}
		if len(p.Stock) < page.Limit {
			return f
		}
	}
}

// differences compares two maps.
func differences[V comparable](what string, want, got map[string]V) error {
	var all error
	for k, v := range want {
		if got[k] != v {
			all = errors.Join(all, fmt.Errorf("%s %q: %v, want %v", what, k, got[k], v))
		}
	}
	for k, v := range got {
		if _, ok := want[k]; !ok {
			all = errors.Join(all, fmt.Errorf("%s %q: %v, want none", what, k, v))
		}
	}
	return all
}

func (f figures) compare(t testing.TB, got figures) {
	t.Helper()
	if err := errors.Join(differences("lines", f.lines, got.lines), differences("documents", f.documents, got.documents), differences("stock", f.stock, got.stock)); err != nil {
		t.Error(err)
	}
	if f.captured != got.captured || f.refunded != got.refunded {
		t.Errorf("captured %d, refunded %d; want %d, %d", got.captured, got.refunded, f.captured, f.refunded)
	}
}
