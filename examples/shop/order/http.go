package order

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// paths are where documents live, by kind.
var paths = map[string]string{
	orderapi.KindOrder:      "orders",
	orderapi.KindReturn:     "returns",
	orderapi.KindAdjustment: "adjustments",
}

// submission is a request for a document. Its body is checked by [Compose], once,
// and not by its schema as well: an order has some twenty lines, and is what this
// service does all day.
type submission[T any] struct {
	web.Idempotency
	Prefer string `header:"Prefer" doc:"wait=N: answer once the document is settled, or after N seconds, at most 60 (RFC 7240)."`
	Body   T
}

// submitted answers with 201 for a settled document and with 202 for a pending one.
type submitted struct {
	Status   int
	Location string `header:"Location" doc:"Where the document is."`
	Body     orderapi.Summary
}

type documentInput struct {
	ID     string `path:"id"`
	Prefer string `header:"Prefer" doc:"wait=N: answer once the document is settled, or after N seconds, at most 60 (RFC 7240)."`
}

type answer[T any] struct{ Body T }

func (o *office) api() http.Handler {
	api, handler := web.New("Orders", "Orders, returns and stock adjustments, and what became of them. Amounts are in thousandths of the currency's unit.")

	huma.Register(api, posted("place-order", orderapi.KindOrder, "Place an order"), submits(o, func(in orderapi.PlaceOrder) Request {
		return Request{Kind: orderapi.KindOrder, Reference: in.Reference, Customer: in.Customer, Country: in.Country, Currency: in.Currency, Date: in.Date, Lines: in.Lines}
	}))
	huma.Register(api, posted("lodge-return", orderapi.KindReturn, "Bring goods back"), submits(o, func(in orderapi.LodgeReturn) Request {
		return Request{Kind: orderapi.KindReturn, Reference: in.Reference, Customer: in.Customer, Country: in.Country, Currency: in.Currency, Date: in.Date, Lines: in.Lines}
	}))
	huma.Register(api, posted("adjust", orderapi.KindAdjustment, "Write stock off"), submits(o, func(in orderapi.Adjust) Request {
		return Request{Kind: orderapi.KindAdjustment, Reference: in.Reference, Currency: in.Currency, Date: in.Date, Lines: in.Lines}
	}))
	for kind, path := range paths {
		huma.Register(api, huma.Operation{OperationID: "show-" + kind, Method: http.MethodGet, Path: "/" + path + "/{id}",
			Summary: "Show one of the " + path + " with its lines"}, o.shows(kind))
	}
	huma.Get(api, "/documents", o.listDocuments)
	huma.Get(api, "/sagas/{id}", o.showSaga)
	huma.Get(api, "/report", o.showReport)
	return handler
}

func posted(id, kind, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodPost, Path: "/" + paths[kind], Summary: summary,
		DefaultStatus: http.StatusCreated, SkipValidateBody: true}
}

// submits makes the operation that takes a T in.
func submits[T any](o *office, request func(T) Request) func(context.Context, *submission[T]) (*submitted, error) {
	return func(ctx context.Context, in *submission[T]) (*submitted, error) {
		r := request(in.Body)
		s, err := o.submit(ctx, in.Key, web.Wait(in.Prefer), &in.Body, r)
		if err != nil {
			return nil, web.Fail(err)
		}
		out := &submitted{Status: http.StatusCreated, Body: s, Location: paths[r.Kind] + "/" + s.ID} // relative: the service does not know its prefix
		if !s.Settled() {
			out.Status = http.StatusAccepted
		}
		return out, nil
	}
}

// shows makes the operation that shows a document of one kind.
func (o *office) shows(kind string) func(context.Context, *documentInput) (*answer[orderapi.Document], error) {
	return func(ctx context.Context, in *documentInput) (*answer[orderapi.Document], error) {
		d, err := o.show(ctx, kind, in)
		if err != nil {
			return nil, web.Fail(err)
		}
		return &answer[orderapi.Document]{Body: d.Published()}, nil
	}
}

func (o *office) show(ctx context.Context, kind string, in *documentInput) (*Document, error) {
	if patience := web.Wait(in.Prefer); patience > 0 {
		w := o.hub.enter(in.ID)
		defer w.leave()
		s, err := o.read(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if _, err := o.await(ctx, w, s, patience); err != nil {
			return nil, err
		}
	}
	d := &Document{}
	err := o.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		if d.Summary, err = summary(tx, in.ID); err != nil {
			return err
		}
		if d.Kind != kind {
			return notFound(in.ID)
		}
		d.Lines, err = lines(tx, in.ID)
		return err
	})
	return d, err
}

func (o *office) listDocuments(ctx context.Context, in *web.Page) (*answer[orderapi.Page], error) {
	out := &answer[orderapi.Page]{}
	err := o.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		out.Body.Documents, err = summaries(tx, in.After, in.Limit)
		return err
	})
	return out, web.Fail(err)
}

func (o *office) showSaga(ctx context.Context, in *struct {
	ID string `path:"id"`
}) (*answer[saga.Status], error) {
	status, err := saga.Show(ctx, o.db, in.ID)
	return &answer[saga.Status]{Body: status}, web.Fail(err)
}

func (o *office) showReport(ctx context.Context, _ *struct{}) (*answer[orderapi.Report], error) {
	out := &answer[orderapi.Report]{}
	err := o.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		out.Body, err = report(tx)
		return err
	})
	return out, web.Fail(err)
}
