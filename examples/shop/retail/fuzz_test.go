package retail_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
)

var fileSeeds = []string{
	"", "\ufeff" + header, header,
	header + "536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n536366,POST,POSTAGE,1,2010-12-01 08:28:00,18.0,,France\n536365,71053,BOX,2,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n",
	header + "C536379,D,Discount,-1,2010-12-01 09:41:00,27.5,14527,United Kingdom\n536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom\nA563185,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,United Kingdom\n",
	header + "536365,85123a,\"WHITE \"\"HEART\"\"\nHOLDER\",6,2010-12-01 08:26:00,2.55,17850.0,EIRE\n537032,21275,?,-30,2010-12-03 16:50:00,0.0,,United Kingdom\n",
	header + "1,A,,0,2010-12-01 08:26:00,1,,UK\n", header + "1,A,,1,01/12/2010 08:26,1,,UK\n", header + "1,A,,1,2010-12-01 08:26:00,1e3,,UK\n", header + "1,A,,1.0,2010-12-01 08:26:00,1,,UK\n",
	header + "1,A,,1,2010-12-01 08:26:00,1,-5,UK\n", header + "1,A,,1,2010-12-01 08:26:00,1\n", header + "\n\n1,A,,1,2010-12-01 08:26:00,1,,UK", header + "1,A,\"x,1,2010-12-01 08:26:00,1,,UK\n",
	header + "1,A,,1,2010-12-01 08:26:00,1,12,UK\n1,A,,1,2010-12-01 08:26:00,1,13,UK\n",
	// Sums that leave the numbers and come back.
	header + "1,A,,1000,2010-12-01 08:26:00,9000000000000,,UK\nC2,A,,-1000,2010-12-01 08:26:00,9000000000000,,UK\n3,A,,1000,2010-12-01 08:26:00,9000000000000,,UK\n",
	"\x1f\x8b", "\x1f\x8b\x08\x00",
}

// A file is read line by line, each within the limits, or refused as invalid. What
// was inspected comes out of the assembler again, every line once, complete by
// invoice; the sums are those of the lines.
func FuzzFile(f *testing.F) {
	for _, seed := range fileSeeds {
		f.Add([]byte(seed))
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		_, _ = z.Write([]byte(seed)) // into memory
		_ = z.Close()
		f.Add(packed.Bytes())
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		invalid := func(err error) bool {
			if bailiwick.CodeOf(err) != bailiwick.Invalid {
				t.Fatalf("it is refused with %v", err)
			}
			return true
		}
		read := func() *retail.Reader {
			r, err := retail.NewReader(bytes.NewReader(file))
			if err != nil && invalid(err) {
				return nil
			}
			return r
		}
		r := read()
		if r == nil {
			return
		}
		in, err := retail.Inspect(context.Background(), r)
		if err != nil {
			invalid(err)
			return
		}
		var total, positive money.Amount
		lines, invoices, last := 0, 0, map[string]bool{}
		for a := retail.NewAssembler(read(), in); ; {
			invoice, err := a.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("it was inspected, and then: %v", err)
			}
			if last[invoice.Number] || len(invoice.Lines) == 0 || len(invoice.Lines) > in.Longest {
				t.Fatalf("invoice %s comes with %d lines", invoice.Number, len(invoice.Lines))
			}
			last[invoice.Number] = true
			invoices++
			for _, l := range invoice.Lines {
				lines++
				if l.Invoice != invoice.Number || l.Customer != invoice.Customer || l.Country != invoice.Country {
					t.Fatalf("%+v stands on the invoice %s", l, invoice.Number)
				}
				if l.Quantity == 0 || l.Code == "" || l.Country == "" || len(l.Code) > 64 || len(l.Description) > 500 || strings.Trim(l.Customer, "0123456789") != "" {
					t.Fatalf("%+v is a line", l)
				}
				amount, err := l.Amount()
				if err != nil {
					t.Fatal(err)
				}
				// In another order than the file's: the sum may leave the numbers and come back.
				total += amount
				if positive, err = positive.Plus(max(amount, 0)); err != nil {
					t.Fatalf("the positive lines sum up beyond what fits, and %s is told", in.Positive)
				}
			}
		}
		if lines != in.Lines || invoices != in.Invoices || total != in.Total || positive != in.Positive {
			t.Fatalf("%d lines, %d invoices, %s, %s; inspected were %+v", lines, invoices, total, positive, in)
		}
	})
}
