package orderapi_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// An order is placed once, however often the request is sent under its key, and the
// answer waits for the outcome for at most ten seconds.
func ExampleClient_PlaceOrder() {
	service := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // stands in for the order service
		fmt.Println(r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Prefer"))
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"id":"0192","kind":"order","status":"CONFIRMED","total":5100}`))
	})
	client := orderapi.Client{Client: web.Client{Base: "http://order", HTTP: &http.Client{Transport: web.Transport{Handler: service}}}}

	order, err := client.PlaceOrder(context.Background(), "invoice-536365", 10*time.Second, orderapi.PlaceOrder{
		Reference: "536365", Customer: "17850", Country: "United Kingdom", Currency: orderapi.Currency,
		Lines: []orderapi.Line{{Code: "85123A", Quantity: 2, UnitPrice: 2550}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(order.ID, order.Status, order.Total, order.Settled())
	// Output:
	// POST /orders invoice-536365 wait=10
	// 0192 CONFIRMED 5100 true
}
