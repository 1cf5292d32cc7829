package inventoryapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Client calls the inventory service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// Receive adds goods to the stock, all lines or none. key is the Idempotency-Key;
// "" means none. A code without a stock has the problem code [UnknownCode].
func (c *Client) Receive(ctx context.Context, key string, in Receipt) (Received, error) {
	var out Received
	err := c.Do(ctx, http.MethodPost, "/stock/receipts", web.Key(key), in, &out)
	return out, err
}

// Stock returns the stock of one product.
func (c *Client) Stock(ctx context.Context, code string) (Stock, error) {
	var out Stock
	err := c.Do(ctx, http.MethodGet, "/stock/"+url.PathEscape(code), nil, nil, &out)
	return out, err
}

// List returns a page of stock, ordered by code.
func (c *Client) List(ctx context.Context, page web.Page) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/stock"+page.Query(), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
