package deliveryapi_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func ExampleClient() {
	// Something that answers as the service does; a real client has the service's
	// address as its Base.
	depot := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"at":"2011-12-09T12:50:00Z","deliveries":1,"items":12,"countries":[{"country":"EIRE","deliveries":1,"items":12}]}`)
	})
	client := deliveryapi.Client{Client: web.Client{Base: "http://delivery", HTTP: &http.Client{Transport: web.Transport{Handler: depot}}}}

	report, err := client.Report(context.Background())
	fmt.Println(report.Items, report.Countries[0].Country, err)
	// Output: 12 EIRE <nil>
}
