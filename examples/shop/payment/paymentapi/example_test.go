package paymentapi_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func ExampleClient() {
	// Something that answers as the service does; a real client has the service's
	// address as its Base.
	bank := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"customer":"17850","balance":2550,"credit_limit":null,"currency":"GBP"}`)
	})
	client := paymentapi.Client{Client: web.Client{Base: "http://payment", HTTP: &http.Client{Transport: web.Transport{Handler: bank}}}}

	account, err := client.Account(context.Background(), "17850")
	fmt.Println(account.Balance, account.CreditLimit == nil, err)
	// Output: 2550 true <nil>
}
