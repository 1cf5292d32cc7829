package inventory

import (
	"fmt"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// BenchmarkFigures asks for what a year of trade adds up to: 26,000 orders with
// 540,000 movements of 4,000 codes.
func BenchmarkFigures(b *testing.B) {
	const orders, codes, lines = 26000, 4000, 21
	s := shoptest.Build{Name: Name, Migrations: Migrations, New: New}.OnSQLite(b)
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(s.DB.Do(b.Context(), func(tx *store.Tx) error {
		t := tables{tx}
		for i := range codes {
			if err := t.open(fmt.Sprintf("%05d", i)); err != nil {
				return err
			}
			if _, err := t.add(fmt.Sprintf("%05d", i), 1000); err != nil {
				return err
			}
			if _, err := t.opening("start", inventoryapi.Line{Code: fmt.Sprintf("%05d", i), Quantity: 1000}); err != nil {
				return err
			}
		}
		return nil
	}))
	for first := 0; first < orders; first += 1000 {
		must(s.DB.Do(b.Context(), func(tx *store.Tx) error {
			for i := first; i < first+1000; i++ {
				o := inventoryapi.Order{Document: fmt.Sprintf("018f5e6b-%08d-7000", i)}
				for n := range lines {
					o.Lines = append(o.Lines, inventoryapi.Line{Code: fmt.Sprintf("%05d", (i*7+n*191)%codes), Quantity: 1})
				}
				if _, err := reserve(tx, saga.Command{}, o); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	f := figures{s.DB}
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			if r, err := f.report(b.Context()); err != nil || r.Unbalanced != 0 || r.Reserved != orders*lines {
				b.Fatalf("%+v, %v", r, err)
			}
		}
	})
	b.Run("page", func(b *testing.B) {
		for b.Loop() {
			if p, err := f.page(b.Context(), web.Page{Limit: web.MaxPage}); err != nil || len(p.Stock) != codes {
				b.Fatal(err)
			}
		}
	})
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			if _, err := f.stock(b.Context(), "00042"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
