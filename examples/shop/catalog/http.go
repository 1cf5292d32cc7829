package catalog

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// routes is the service's API.
func routes(p *products) http.Handler {
	api, handler := web.New("Catalog", "What can stand on an invoice: goods and fees.")

	huma.Register(api, huma.Operation{OperationID: "put-product", Method: http.MethodPut, Path: "/products/{code}",
		Summary: "List or change a product"},
		func(ctx context.Context, in *struct {
			Code string `path:"code" maxLength:"64"`
			Body catalogapi.Details
		}) (*web.Reply[catalogapi.Product], error) {
			d := in.Body
			product := catalogapi.Product{Code: in.Code, Description: d.Description, Kind: d.Kind, Price: d.Price, Currency: d.Currency}
			return web.Answer(product, p.put(ctx, product))
		})

	huma.Register(api, huma.Operation{OperationID: "import-products", Method: http.MethodPost, Path: "/products/import",
		Summary: "List or change many products, all or none"},
		func(ctx context.Context, in *struct {
			web.Idempotency
			Body catalogapi.Import
		}) (*web.Reply[catalogapi.Imported], error) {
			return web.Answer(p.importAll(ctx, in.Key, in.Body))
		})

	huma.Register(api, huma.Operation{OperationID: "get-product", Method: http.MethodGet, Path: "/products/{code}",
		Summary: "Show a product"},
		func(ctx context.Context, in *struct {
			Code string `path:"code"`
		}) (*web.Reply[catalogapi.Product], error) {
			return web.Answer(p.get(ctx, in.Code))
		})

	huma.Register(api, huma.Operation{OperationID: "list-products", Method: http.MethodGet, Path: "/products",
		Summary: "List products by code"},
		func(ctx context.Context, in *struct{ web.Page }) (*web.Reply[catalogapi.Page], error) {
			return web.Answer(p.page(ctx, in.Page))
		})

	huma.Register(api, huma.Operation{OperationID: "report", Method: http.MethodGet, Path: "/report",
		Summary: "Figures of all products"},
		func(ctx context.Context, _ *struct{}) (*web.Reply[catalogapi.Report], error) {
			return web.Answer(p.report(ctx))
		})
	return handler
}
