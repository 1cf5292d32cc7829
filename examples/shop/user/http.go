package user

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// routes is the service's API.
func routes(c *customers) http.Handler {
	api, handler := web.New("Users", "The customers who buy on account.")

	huma.Register(api, huma.Operation{OperationID: "put-customer", Method: http.MethodPut, Path: "/customers/{id}",
		Summary: "Register or change a customer"},
		func(ctx context.Context, in *struct {
			ID   string `path:"id" maxLength:"64"`
			Body userapi.Details
		}) (*web.Reply[userapi.Customer], error) {
			d := in.Body
			customer := userapi.Customer{ID: in.ID, Name: d.Name, Country: d.Country, CreditLimit: d.CreditLimit, Currency: d.Currency}
			return web.Answer(customer, c.put(ctx, customer))
		})

	huma.Register(api, huma.Operation{OperationID: "import-customers", Method: http.MethodPost, Path: "/customers/import",
		Summary: "Register or change many customers, all or none"},
		func(ctx context.Context, in *struct {
			web.Idempotency
			Body userapi.Import
		}) (*web.Reply[userapi.Imported], error) {
			return web.Answer(c.importAll(ctx, in.Key, in.Body))
		})

	huma.Register(api, huma.Operation{OperationID: "get-customer", Method: http.MethodGet, Path: "/customers/{id}",
		Summary: "Show a customer"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*web.Reply[userapi.Customer], error) {
			return web.Answer(c.get(ctx, in.ID))
		})

	huma.Register(api, huma.Operation{OperationID: "report", Method: http.MethodGet, Path: "/report",
		Summary: "Figures of all customers"},
		func(ctx context.Context, _ *struct{}) (*web.Reply[userapi.Report], error) {
			return web.Answer(c.report(ctx))
		})
	return handler
}
