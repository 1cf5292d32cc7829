package notification

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

type documentInput struct {
	Document string `path:"document" maxLength:"128" doc:"The id of the order or return."`
}

func newAPI(db *store.DB) http.Handler {
	r := notices{db}
	api, handler := web.New("Notification", "What customers were told of their orders and returns. Notices are sent on the order service's messages; here they can be looked at.")
	huma.Register(api, huma.Operation{
		OperationID: "get-notices", Method: http.MethodGet, Path: "/notices/{document}", Summary: "The notices of one document",
		Description: "All notices of an order or return, ordered by kind; none while it is undecided.",
	}, func(ctx context.Context, in *documentInput) (*web.Reply[notificationapi.Page], error) {
		return web.Answer(r.document(ctx, in.Document))
	})
	huma.Register(api, huma.Operation{
		OperationID: "list-notices", Method: http.MethodGet, Path: "/notices", Summary: "All notices",
		Description: "A page of notices, ordered by document and kind.",
	}, func(ctx context.Context, in *web.Page) (*web.Reply[notificationapi.Page], error) {
		return web.Answer(r.page(ctx, *in))
	})
	huma.Register(api, huma.Operation{
		OperationID: "report", Method: http.MethodGet, Path: "/report", Summary: "How many notices were sent",
		Description: "Counts notices by kind.",
	}, func(ctx context.Context, _ *struct{}) (*web.Reply[notificationapi.Report], error) {
		return web.Answer(r.report(ctx))
	})
	return handler
}
