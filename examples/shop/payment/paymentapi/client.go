package paymentapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Client calls the payment service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// Payment returns the payment of one order.
func (c *Client) Payment(ctx context.Context, document string) (Payment, error) {
	var out Payment
	err := c.Do(ctx, http.MethodGet, "/payments/"+url.PathEscape(document), nil, nil, &out)
	return out, err
}

// Payments returns a page of payments, ordered by document.
func (c *Client) Payments(ctx context.Context, page web.Page) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/payments"+page.Query(), nil, nil, &out)
	return out, err
}

// Account returns one customer's account.
func (c *Client) Account(ctx context.Context, customer string) (Account, error) {
	var out Account
	err := c.Do(ctx, http.MethodGet, "/accounts/"+url.PathEscape(customer), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
