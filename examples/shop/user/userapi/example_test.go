package userapi_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bailiwick/bailiwick/examples/shop/user/userapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// A stand-in for the user service, as a test of somebody who calls it may use one.
func Example() {
	api, handler := web.New("Users", "A stand-in.")
	huma.Register(api, huma.Operation{OperationID: "get", Method: http.MethodGet, Path: "/customers/{id}"},
		func(_ context.Context, in *struct {
			ID string `path:"id"`
		}) (*web.Reply[userapi.Customer], error) {
			return web.Answer(userapi.Customer{ID: in.ID, Country: "EIRE", Currency: "GBP"}, nil)
		})

	client := userapi.Client{Client: web.Client{Base: "http://user", HTTP: &http.Client{Transport: web.Transport{Handler: handler}}}}
	c, err := client.Customer(context.Background(), "14911")
	fmt.Println(c.ID, c.Country, c.CreditLimit == nil, err)
	// Output: 14911 EIRE true <nil>
}
