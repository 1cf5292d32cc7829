package notificationapi_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

func ExampleClient() {
	// Something that answers as the service does; a real client has the service's
	// address as its Base.
	office := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, `{"notices":[{"id":"o1/confirmation","document":"o1","kind":"confirmation","text":"Your order o1 is confirmed.","at":"2011-12-09T12:50:00Z"}]}`)
	})
	client := notificationapi.Client{Client: web.Client{Base: "http://notification", HTTP: &http.Client{Transport: web.Transport{Handler: office}}}}

	page, err := client.Document(context.Background(), "o1")
	fmt.Println(page.Notices[0].Text, err)
	// Output: Your order o1 is confirmed. <nil>
}
