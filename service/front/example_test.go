package front_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/bailiwick/bailiwick/service/front"
)

// One address for services that run elsewhere.
func Example() {
	order := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "order serves "+r.URL.Path)
	}))
	defer order.Close()

	f := front.New(front.Options{}, "order")
	defer f.Close()
	if err := f.Set("order", order.URL); err != nil {
		fmt.Println(err)
		return
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/order/orders/7", nil))
	fmt.Println(w.Body)
	// Output: order serves /order/orders/7
}
