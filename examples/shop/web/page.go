package web

import (
	"net/url"
	"strconv"
)

// DefaultPage and MaxPage are how many rows a page has if the request does not say,
// and at most.
const (
	DefaultPage = 1000
	MaxPage     = 5000
)

// Page is which part of a list to answer with; operations embed it in their input.
// Lists are in the order of their keys, as the database orders text.
type Page struct {
	After string `query:"after" doc:"The last key of the page before; empty for the first page."`
	Limit int    `query:"limit" default:"1000" minimum:"1" maximum:"5000" doc:"How many at most."`
}

// Query returns the page as a URL's query, with its question mark.
func (p Page) Query() string {
	values := url.Values{}
	if p.After != "" {
		values.Set("after", p.After)
	}
	if p.Limit > 0 {
		values.Set("limit", strconv.Itoa(p.Limit))
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
