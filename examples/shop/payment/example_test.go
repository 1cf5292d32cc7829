package payment_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/payment"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func Example() {
	dir, err := os.MkdirTemp("", "payment-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	schema, err := payment.Migrations()
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, "payment.db"), sqlite.Options{Owner: payment.Name, Migrations: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	s, err := payment.New(db)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A group runs it with the services that it follows. Its API can be asked at once.
	client := paymentapi.Client{Client: web.Client{Base: "http://payment", HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}}
	report, err := client.Report(ctx)
	fmt.Println(report.Captured, err)
	fmt.Println(s.Follows["order"].Types())
	// Output:
	// 0 <nil>
	// [payment.authorise payment.capture payment.refund payment.void]
}
