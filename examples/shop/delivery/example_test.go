package delivery_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/delivery"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func Example() {
	dir, err := os.MkdirTemp("", "delivery-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	schema, err := delivery.Migrations()
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, "delivery.db"), sqlite.Options{Owner: delivery.Name, Migrations: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	s, err := delivery.New(db)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A group runs it with the services that it follows. Its API can be asked at once.
	client := deliveryapi.Client{Client: web.Client{Base: "http://delivery", HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}}
	report, err := client.Report(ctx)
	fmt.Println(report.Deliveries, err)
	fmt.Println(s.Follows["order"].Types())
	// Output:
	// 0 <nil>
	// [delivery.schedule]
}
