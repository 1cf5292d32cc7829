package inventory_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/inventory"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func Example() {
	dir, err := os.MkdirTemp("", "inventory-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	schema, err := inventory.Migrations()
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := sqlite.Open(ctx, filepath.Join(dir, "inventory.db"), sqlite.Options{Owner: inventory.Name, Migrations: schema})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	s, err := inventory.New(db)
	if err != nil {
		fmt.Println(err)
		return
	}

	// A group runs it with the services that it follows. Its API can be asked at once.
	client := inventoryapi.Client{Client: web.Client{Base: "http://inventory", HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}}
	report, err := client.Report(ctx)
	fmt.Println(report.Available, err)
	fmt.Println(s.Follows["order"].Types())
	// Output:
	// 0 <nil>
	// [inventory.adjust inventory.release inventory.reserve inventory.restock order.confirmed]
}
