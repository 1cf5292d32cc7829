package payment

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/store"
)

type (
	documentInput struct {
		Document string `path:"document" maxLength:"128" doc:"The order's id."`
	}
	customerInput struct {
		Customer string `path:"customer" maxLength:"128" doc:"The customer's id."`
	}
)

func newAPI(db *store.DB) http.Handler {
	r := books{db}
	api, handler := web.New("Payment", "What was paid for orders and what customers owe, in thousandths of the currency's unit. "+
		"Money moves only at the order service's command; here it can be looked at.")
	huma.Register(api, huma.Operation{
		OperationID: "get-payment", Method: http.MethodGet, Path: "/payments/{document}", Summary: "The payment of one order",
		Description: "What was authorised for an order, and what the ledger says was captured and refunded since.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *documentInput) (*web.Reply[paymentapi.Payment], error) {
		return web.Answer(r.payment(ctx, in.Document))
	})
	huma.Register(api, huma.Operation{
		OperationID: "list-payments", Method: http.MethodGet, Path: "/payments", Summary: "All payments",
		Description: "A page of payments, ordered by document.",
	}, func(ctx context.Context, in *web.Page) (*web.Reply[paymentapi.Page], error) {
		return web.Answer(r.page(ctx, *in))
	})
	huma.Register(api, huma.Operation{
		OperationID: "get-account", Method: http.MethodGet, Path: "/accounts/{customer}", Summary: "A customer's account",
		Description: "What a customer owes and may owe. Guests have no account.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *customerInput) (*web.Reply[paymentapi.Account], error) {
		return web.Answer(r.account(ctx, in.Customer))
	})
	huma.Register(api, huma.Operation{
		OperationID: "report", Method: http.MethodGet, Path: "/report", Summary: "Figures of all payments",
		Description: "Sums over the ledger, payments and accounts at one moment, and how many of them do not add up.",
	}, func(ctx context.Context, _ *struct{}) (*web.Reply[paymentapi.Report], error) {
		return web.Answer(r.report(ctx))
	})
	return handler
}
