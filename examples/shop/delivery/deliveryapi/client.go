package deliveryapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Client calls the delivery service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// Delivery returns the delivery of one order.
func (c *Client) Delivery(ctx context.Context, document string) (Delivery, error) {
	var out Delivery
	err := c.Do(ctx, http.MethodGet, "/deliveries/"+url.PathEscape(document), nil, nil, &out)
	return out, err
}

// Deliveries returns a page of deliveries, ordered by document.
func (c *Client) Deliveries(ctx context.Context, page web.Page) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/deliveries"+page.Query(), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
