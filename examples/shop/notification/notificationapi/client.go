package notificationapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Client calls the notification service. Errors are those of [web.Client.Do].
type Client struct{ web.Client }

// Document returns all notices of one document, ordered by kind; none if there are
// none.
func (c *Client) Document(ctx context.Context, document string) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/notices/"+url.PathEscape(document), nil, nil, &out)
	return out, err
}

// Notices returns a page of notices, ordered by document and kind.
func (c *Client) Notices(ctx context.Context, page web.Page) (Page, error) {
	var out Page
	err := c.Do(ctx, http.MethodGet, "/notices"+page.Query(), nil, nil, &out)
	return out, err
}

// Report returns the service's figures.
func (c *Client) Report(ctx context.Context) (Report, error) {
	var out Report
	err := c.Do(ctx, http.MethodGet, "/report", nil, nil, &out)
	return out, err
}
