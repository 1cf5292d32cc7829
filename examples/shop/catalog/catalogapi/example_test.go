package catalogapi_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// A stand-in for the catalog service, as a test of somebody who calls it may use
// one.
func Example() {
	api, handler := web.New("Catalog", "A stand-in.")
	huma.Register(api, huma.Operation{OperationID: "list", Method: http.MethodGet, Path: "/products"},
		func(_ context.Context, in *struct{ web.Page }) (*web.Reply[catalogapi.Page], error) {
			return web.Answer(catalogapi.Page{Products: []catalogapi.Product{{Code: "POST", Kind: catalogapi.Fee, Price: 18000, Currency: "GBP"}}}, nil)
		})

	client := catalogapi.Client{Client: web.Client{Base: "http://catalog", HTTP: &http.Client{Transport: web.Transport{Handler: handler}}}}
	page, err := client.Products(context.Background(), web.Page{Limit: 10})
	fmt.Println(page.Products[0].Code, page.Products[0].Kind, err)
	// Output: POST fee <nil>
}
