package catalogapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Client calls the catalog service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// Put lists or changes one product, and returns how it stands then.
func (c *Client) Put(ctx context.Context, code string, d Details) (Product, error) {
	var out Product
	err := c.Do(ctx, http.MethodPut, "/products/"+url.PathEscape(code), nil, d, &out)
	return out, err
}

// Import lists or changes up to [MaxImport] products, all or none. key is the
// Idempotency-Key; "" means none.
func (c *Client) Import(ctx context.Context, key string, in Import) (Imported, error) {
	var out Imported
	err := c.Do(ctx, http.MethodPost, "/products/import", web.Key(key), in, &out)
	return out, err
}

// Product returns one product.
func (c *Client) Product(ctx context.Context, code string) (Product, error) {
	var out Product
	err := c.Do(ctx, http.MethodGet, "/products/"+url.PathEscape(code), nil, nil, &out)
	return out, err
}

// Products returns a page of products, ordered by code.
func (c *Client) Products(ctx context.Context, page web.Page) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/products"+page.Query(), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
