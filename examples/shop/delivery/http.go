package delivery

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

type documentInput struct {
	Document string `path:"document" maxLength:"128" doc:"The order's id."`
}

func newAPI(db *store.DB) http.Handler {
	r := plans{db}
	api, handler := web.New("Delivery", "Which orders are delivered where. Deliveries are planned at the order service's command; here they can be looked at.")
	huma.Register(api, huma.Operation{
		OperationID: "get-delivery", Method: http.MethodGet, Path: "/deliveries/{document}", Summary: "The delivery of one order",
		Description: "Orders that are not confirmed, and orders of fees alone, have none.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *documentInput) (*web.Reply[deliveryapi.Delivery], error) {
		return web.Answer(r.delivery(ctx, in.Document))
	})
	huma.Register(api, huma.Operation{
		OperationID: "list-deliveries", Method: http.MethodGet, Path: "/deliveries", Summary: "All deliveries",
		Description: "A page of deliveries, ordered by document.",
	}, func(ctx context.Context, in *web.Page) (*web.Reply[deliveryapi.Page], error) {
		return web.Answer(r.page(ctx, *in))
	})
	huma.Register(api, huma.Operation{
		OperationID: "report", Method: http.MethodGet, Path: "/report", Summary: "Figures of all deliveries",
		Description: "How many deliveries and units there are, together and by country.",
	}, func(ctx context.Context, _ *struct{}) (*web.Reply[deliveryapi.Report], error) {
		return web.Answer(r.report(ctx))
	})
	return handler
}
