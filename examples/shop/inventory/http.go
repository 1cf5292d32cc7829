package inventory

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

type (
	codeInput struct {
		Code string `path:"code" maxLength:"64" doc:"The product's code; upper and lower case differ."`
	}
	receiptInput struct {
		web.Idempotency
		Body inventoryapi.Receipt
	}
)

func newAPI(db *store.DB) http.Handler {
	r := figures{db}
	api, handler := web.New("Inventory", "What is in stock, and why. Orders set goods aside, confirmations sell them, "+
		"returns bring them back. Every figure but what is available is added up from the movements at the moment it is asked for.")
	huma.Register(api, huma.Operation{
		OperationID: "receive-stock", Method: http.MethodPost, Path: "/stock/receipts", DefaultStatus: http.StatusCreated,
		Summary:     "Add goods that came in",
		Description: "Adds all lines or none. A reference is used once; a product that the catalog has not listed as goods is refused with the code unknown-code, also while news of it is still on the way.",
		Errors:      []int{http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity},
	}, func(ctx context.Context, in *receiptInput) (*web.Reply[inventoryapi.Received], error) {
		received, _, err := web.Once(ctx, db, "receive-stock", in.Key, in.Body, func(tx *store.Tx) (inventoryapi.Received, error) {
			return receive(tx, in.Body)
		})
		return web.Answer(received, refusalProblem(err))
	})
	huma.Register(api, huma.Operation{
		OperationID: "get-stock", Method: http.MethodGet, Path: "/stock/{code}", Summary: "The stock of one product",
		Description: "Adds up the movements of one product.",
		Errors:      []int{http.StatusNotFound},
	}, func(ctx context.Context, in *codeInput) (*web.Reply[inventoryapi.Stock], error) {
		return web.Answer(r.stock(ctx, in.Code))
	})
	huma.Register(api, huma.Operation{
		OperationID: "list-stock", Method: http.MethodGet, Path: "/stock", Summary: "The stock of all products",
		Description: "A page of products, ordered by code. Each page adds up the movements of all products that come after the last code, so few large pages are quicker than many small ones.",
	}, func(ctx context.Context, in *web.Page) (*web.Reply[inventoryapi.Page], error) {
		return web.Answer(r.page(ctx, *in))
	})
	huma.Register(api, huma.Operation{
		OperationID: "report", Method: http.MethodGet, Path: "/report", Summary: "Figures of all products",
		Description: "Sums over all products at one moment, and how many of them do not add up.",
	}, func(ctx context.Context, _ *struct{}) (*web.Reply[inventoryapi.Report], error) {
		return web.Answer(r.report(ctx))
	})
	return handler
}

// refusalProblem tells a refusal by its own reason; other errors stay as they are.
func refusalProblem(err error) error {
	var r saga.Rejection
	if errors.As(err, &r) {
		return web.NewProblem(http.StatusUnprocessableEntity, r.Reason, r.Detail)
	}
	return err
}
