package retail_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/money"
	"github.com/bailiwick/bailiwick/examples/shop/retail"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
)

const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

func Example() {
	file := header +
		"536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n" +
		"536366,POST,POSTAGE,1,2010-12-01 08:28:00,18.0,,France\n" +
		"536365,71053,BOX,2,2010-12-01 08:26:00,3.39,17850.0,United Kingdom\n"

	first, err := retail.NewReader(strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	in, err := retail.Inspect(context.Background(), first)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(in.Lines, "lines,", in.Invoices, "invoices,", in.Total)

	second, err := retail.NewReader(strings.NewReader(file))
	if err != nil {
		fmt.Println(err)
		return
	}
	invoices := retail.NewAssembler(second, in)
	for {
		invoice, err := invoices.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s %d %q\n", invoice.Number, len(invoice.Lines), invoice.Customer)
	}
	// Output:
	// 3 lines, 2 invoices, 40.080
	// 536366 1 ""
	// 536365 2 "17850"
}

func inspect(t *testing.T, file []byte) (*retail.Inspection, error) {
	t.Helper()
	r, err := retail.NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return retail.Inspect(context.Background(), r)
}

func packed(t *testing.T, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFaultsNameTheirLine(t *testing.T) {
	const good = "536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
	for _, c := range []struct{ name, file, says string }{
		{"empty", "", "line 1"},
		{"wrong header", strings.Replace(header, "Quantity", "Qty", 1) + good, "line 1"},
		{"header too short", "InvoiceNo,StockCode\n", "line 1"},
		{"too few columns", header + good + "536365,85123A\n", "line 3"},
		{"too many columns", header + strings.TrimSpace(good) + ",x\n" + good, "line 2"},
		{"quantity", header + good + strings.Replace(good, ",6,", ",six,", 1), "line 3"},
		{"fraction of a unit", header + strings.Replace(good, ",6,", ",6.5,", 1), "line 2"},
		{"quantity zero", header + strings.Replace(good, ",6,", ",0,", 1), "line 2"},
		{"price", header + strings.Replace(good, "2.55", "two", 1), "line 2"},
		{"four decimals", header + strings.Replace(good, "2.55", "2.5555", 1), "line 2"},
		{"exponent", header + strings.Replace(good, "2.55", "2e3", 1), "line 2"},
		{"quantity too large", header + strings.Replace(good, ",6,", ",1000000001,", 1), "line 2"},
		{"amount too large", header + strings.Replace(strings.Replace(good, ",6,", ",999999999,", 1), "2.55", "999999999999", 1), "line 2"},
		{"code too long", header + strings.Replace(good, "85123A", strings.Repeat("8", 65), 1), "line 2"},
		{"description too long", header + strings.Replace(good, "LANTERN", strings.Repeat("L", 501), 1), "line 2"},
		{"invoice too long", header + strings.Repeat(good, retail.MaxInvoice+1), "line 5002"},
		{"date", header + strings.Replace(good, "2010-12-01", "01/12/2010", 1), "line 2"},
		{"no such day", header + strings.Replace(good, "2010-12-01", "2010-02-30", 1), "line 2"},
		{"customer", header + strings.Replace(good, "17850.0", "17850.5", 1), "line 2"},
		{"no invoice", header + strings.Replace(good, "536365", "", 1), "line 2"},
		{"no code", header + strings.Replace(good, "85123A", "", 1), "line 2"},
		{"no country", header + strings.Replace(good, "United Kingdom", "", 1), "line 2"},
		{"cancellation that sells", header + "C" + good, "line 2"},
		{"write-off at a price", header + strings.Replace(good, ",6,", ",-6,", 1), "line 2"},
		{"both negative", header + strings.Replace(strings.Replace("C"+good, ",6,", ",-6,", 1), "2.55", "-2.55", 1), "line 2"},
		{"two customers", header + good + strings.Replace(good, "17850", "17851", 1), "line 3"},
		{"open quote", header + good + "536365,\"85123A,LANTERN,6,2010", "line 3"},
		{"quote inside", header + good + good + strings.Replace(good, "LANTERN", "LAN\"TERN", 1), "line 4"},
		{"cut gzip", string(cut(packed(t, []byte(header+strings.Repeat(good, 1000))))), "line "},
		{"broken gzip header", "\x1f\x8b\x00\x00", "line 1"},
		{"wrong checksum", string(flip(packed(t, []byte(header+good+good)))), "line 4"},
		{"more after gzip", string(packed(t, []byte(header+good+good))) + "x", "line 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, err := inspect(t, []byte(c.file))
			if err == nil {
				t.Fatalf("no error: %+v", in)
			}
			if bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v; want %s", err, c.says)
			}
		})
	}
}

func cut(b []byte) []byte { return b[:len(b)-9] }

func flip(b []byte) []byte { b[len(b)-8] ^= 1; return b }

func generated(t testing.TB, seed uint64, invoices int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := retail.Generate(&b, seed, invoices); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGenerateIsDeterministic(t *testing.T) {
	if !bytes.Equal(generated(t, 7, 90), generated(t, 7, 90)) {
		t.Error("the same seed gave two files")
	}
	if bytes.Equal(generated(t, 7, 90), generated(t, 8, 90)) {
		t.Error("two seeds gave the same file")
	}
}

// TestGeneratedFilesHaveAllTheDirt looks for each kind in files of every size and of
// several seeds.
func TestGeneratedFilesHaveAllTheDirt(t *testing.T) {
	for seed := range uint64(20) {
		found := dirt(t, generated(t, seed, retail.MinInvoices))
		for _, kind := range []string{"guest", "zero price", "negative price", "thousandth", "fee", "case twin", "code twice", "code at two prices",
			"write-off", "two pieces", "two timestamps", "long", "A-invoice", "cancellation", "guest cancels"} {
			if !found[kind] {
				t.Errorf("seed %d: no %s", seed, kind)
			}
		}
	}
}

func dirt(t *testing.T, file []byte) map[string]bool {
	t.Helper()
	r, err := retail.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	codes, prices, dates := map[string]bool{}, map[string]money.Amount{}, map[string]string{}
	lines := map[string]int{}
	previous := ""
	for {
		l, err := r.Read()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found["guest"] = found["guest"] || l.Customer == ""
		found["zero price"] = found["zero price"] || l.Price == 0 && l.Quantity > 0
		found["negative price"] = found["negative price"] || l.Price < 0
		found["thousandth"] = found["thousandth"] || l.Price == 1
		found["fee"] = found["fee"] || retail.IsFee(l.Code)
		found["write-off"] = found["write-off"] || l.Quantity < 0 && !retail.Cancels(l.Invoice)
		found["A-invoice"] = found["A-invoice"] || l.Invoice[0] == 'A'
		found["cancellation"] = found["cancellation"] || retail.Cancels(l.Invoice)
		found["guest cancels"] = found["guest cancels"] || retail.Cancels(l.Invoice) && l.Customer == ""
		codes[l.Code] = true
		upper, lower := strings.ToUpper(l.Code), strings.ToLower(l.Code)
		found["case twin"] = found["case twin"] || upper != lower && codes[upper] && codes[lower]
		price, again := prices[l.Invoice+"/"+l.Code]
		found["code twice"] = found["code twice"] || again
		found["code at two prices"] = found["code at two prices"] || again && price != l.Price
		prices[l.Invoice+"/"+l.Code] = l.Price
		date := l.Date.Format(retail.DateLayout)
		found["two timestamps"] = found["two timestamps"] || lines[l.Invoice] > 0 && dates[l.Invoice] != date
		dates[l.Invoice] = date
		found["two pieces"] = found["two pieces"] || lines[l.Invoice] > 0 && previous != l.Invoice
		previous = l.Invoice
		lines[l.Invoice]++
		found["long"] = found["long"] || lines[l.Invoice] > 300
	}
}

// TestAssemblerGivesEveryLineOnce compares the invoices with the lines they are made
// of, for a file that is plain and for the same one gzipped.
func TestAssemblerGivesEveryLineOnce(t *testing.T) {
	plain := generated(t, 3, 150)
	for name, file := range map[string][]byte{"plain": plain, "gzip": packed(t, plain)} {
		t.Run(name, func(t *testing.T) {
			in, err := inspect(t, file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := retail.NewReader(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			a := retail.NewAssembler(r, in)
			numbers, seen := map[string]bool{}, map[int]bool{}
			var total money.Amount
			ended := 0
			for {
				invoice, err := a.Next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if numbers[invoice.Number] {
					t.Errorf("invoice %s came twice", invoice.Number)
				}
				numbers[invoice.Number] = true
				for _, l := range invoice.Lines {
					if seen[l.Number] || l.Invoice != invoice.Number || l.Customer != invoice.Customer {
						t.Errorf("line %d of %s in %s", l.Number, l.Invoice, invoice.Number)
					}
					seen[l.Number] = true
					amount, err := l.Amount()
					if err != nil {
						t.Fatal(err)
					}
					total += amount
				}
				last := invoice.Lines[len(invoice.Lines)-1].Number
				if last <= ended {
					t.Errorf("invoice %s ends at line %d, after one that ends at %d", invoice.Number, last, ended)
				}
				ended = last
			}
			if len(numbers) != in.Invoices || len(seen) != in.Lines || a.Lines() != in.Lines || total != in.Total {
				t.Errorf("%d invoices, %d lines, %s; want %d, %d, %s", len(numbers), len(seen), total, in.Invoices, in.Lines, in.Total)
			}
		})
	}
}

func TestAssemblerRefusesAnotherFile(t *testing.T) {
	in, err := inspect(t, generated(t, 3, 100))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range [][]byte{generated(t, 4, 100), []byte(header)} {
		r, err := retail.NewReader(bytes.NewReader(other))
		if err != nil {
			t.Fatal(err)
		}
		a := retail.NewAssembler(r, in)
		for err == nil {
			_, err = a.Next()
		}
		if bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("another file: %v", err)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(header))
	f.Add(generated(f, 1, 60))
	f.Add([]byte(header + "536365,85123A,\"A \"\"B\"\"\",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\r\n"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte(header + "C1,D,,-1,2010-12-01 08:26:00,0.001,,EIRE\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := retail.NewReader(bytes.NewReader(file))
		if err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Invalid {
				t.Fatalf("header: %v", err)
			}
			return
		}
		last := 1
		for {
			l, err := r.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				if bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), "line ") {
					t.Fatalf("after line %d: %v", last, err)
				}
				return
			}
			if l.Number <= last || l.Quantity == 0 || l.Invoice == "" || l.Code == "" {
				t.Fatalf("after line %d: %+v", last, l)
			}
			last = l.Number
		}
	})
}

// TestLargeFile compares what is found in a large file with what the CSV alone says,
// and, where that is the real one, with its published control totals.
func TestLargeFile(t *testing.T) {
	large := shoptest.NewLargeFile(t)
	file, err := os.ReadFile(large.Path)
	if err != nil {
		t.Fatal(err)
	}
	in, err := inspect(t, file)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%d %d %d %d %d %d %v %v", in.Lines, in.Invoices, in.Cancellations, len(in.Customers()), len(in.Products()), in.Longest, in.Total, in.Positive)
	if want := counted(t, file); got != want || in.Lines != large.Lines {
		t.Errorf("%s, want %s", got, want)
	}
	if want := "541909 25900 3836 4372 4070 1114 9747747.934 10666684.544"; large.Real && got != want {
		t.Errorf("%s, published are %s", got, want)
	}
}

// counted counts and adds up a gzipped file without any code of this package: lines,
// invoices, cancellations, customers, codes, lines of the longest invoice, the total,
// and that of the lines above zero.
func counted(t *testing.T, file []byte) string {
	t.Helper()
	plain, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(plain).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	invoices, cancellations, customers, codes := map[string]int{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	total, positive, longest := new(big.Rat), new(big.Rat), 0
	for _, row := range rows[1:] {
		invoice, customer := row[0], row[6]
		invoices[invoice]++
		longest = max(longest, invoices[invoice])
		codes[row[1]] = true
		if invoice[0] == 'C' {
			cancellations[invoice] = true
		}
		if customer != "" {
			customers[customer] = true
		}
		quantity, ok := new(big.Rat).SetString(row[3])
		price, fine := new(big.Rat).SetString(row[5])
		if !ok || !fine {
			t.Fatalf("no numbers: %q", row)
		}
		amount := quantity.Mul(quantity, price)
		total.Add(total, amount)
		if amount.Sign() > 0 {
			positive.Add(positive, amount)
		}
	}
	return fmt.Sprintf("%d %d %d %d %d %d %s %s", len(rows)-1, len(invoices), len(cancellations), len(customers), len(codes), longest, total.FloatString(3), positive.FloatString(3))
}
