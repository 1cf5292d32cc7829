package orderapi

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/saga"
)

// Client calls the order service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// PlaceOrder asks for an order. key is the Idempotency-Key; "" means none. wait is
// how long the service may take to settle it before it answers, in whole seconds, at
// most [web.MaxWait]; an order that is not settled by then is PENDING.
func (c *Client) PlaceOrder(ctx context.Context, key string, wait time.Duration, in PlaceOrder) (Summary, error) {
	return c.submit(ctx, "/orders", key, wait, in)
}

// LodgeReturn asks for goods to be taken back; key and wait are as for PlaceOrder.
func (c *Client) LodgeReturn(ctx context.Context, key string, wait time.Duration, in LodgeReturn) (Summary, error) {
	return c.submit(ctx, "/returns", key, wait, in)
}

// Adjust asks for stock to be written off; key and wait are as for PlaceOrder.
func (c *Client) Adjust(ctx context.Context, key string, wait time.Duration, in Adjust) (Summary, error) {
	return c.submit(ctx, "/adjustments", key, wait, in)
}

func (c *Client) submit(ctx context.Context, path, key string, wait time.Duration, in any) (Summary, error) {
	headers := http.Header{}
	if key != "" {
		headers["Idempotency-Key"] = []string{key}
	}
	if wait > 0 {
		headers["Prefer"] = []string{"wait=" + strconv.Itoa(int((wait+time.Second-1)/time.Second))}
	}
	var out Summary
	err := c.Do(ctx, http.MethodPost, path, headers, in, &out)
	return out, err
}

// Order returns an order with its lines.
func (c *Client) Order(ctx context.Context, id string) (Document, error) {
	return c.document(ctx, "/orders/", id)
}

// Return returns a return with its lines.
func (c *Client) Return(ctx context.Context, id string) (Document, error) {
	return c.document(ctx, "/returns/", id)
}

// Adjustment returns an adjustment with its lines.
func (c *Client) Adjustment(ctx context.Context, id string) (Document, error) {
	return c.document(ctx, "/adjustments/", id)
}

func (c *Client) document(ctx context.Context, path, id string) (Document, error) {
	var out Document
	err := c.Do(ctx, http.MethodGet, path+url.PathEscape(id), nil, nil, &out)
	return out, err
}

// Documents returns a page of documents without their lines, ordered by id.
func (c *Client) Documents(ctx context.Context, page web.Page) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/documents"+page.Query(), nil, nil, &out)
	return out, err
}

// Saga returns the log of the saga of a document. A document that was decided at
// once has none.
func (c *Client) Saga(ctx context.Context, id string) (saga.Status, error) {
	var out saga.Status
	err := c.Do(ctx, http.MethodGet, "/sagas/"+url.PathEscape(id), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
