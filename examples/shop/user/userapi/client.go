package userapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Client calls the user service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// Put registers or changes one customer, and returns how it stands then.
func (c *Client) Put(ctx context.Context, id string, d Details) (Customer, error) {
	var out Customer
	err := c.Do(ctx, http.MethodPut, "/customers/"+url.PathEscape(id), nil, d, &out)
	return out, err
}

// Import registers or changes up to [MaxImport] customers, all or none. key is the
// Idempotency-Key; "" means none.
func (c *Client) Import(ctx context.Context, key string, in Import) (Imported, error) {
	var out Imported
	err := c.Do(ctx, http.MethodPost, "/customers/import", web.Key(key), in, &out)
	return out, err
}

// Customer returns one customer.
func (c *Client) Customer(ctx context.Context, id string) (Customer, error) {
	var out Customer
	err := c.Do(ctx, http.MethodGet, "/customers/"+url.PathEscape(id), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
