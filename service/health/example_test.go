package health_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/bailiwick/bailiwick/service/health"
)

func ExampleRegister() {
	mux := http.NewServeMux()
	health.Register(mux, "/order", func(context.Context) error { return errors.New("the database does not answer") })
	for _, path := range []string{"/order/healthz/live", "/order/healthz/ready"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 200 {"status":"live"}
	// 503 {"title":"Service Unavailable","status":503,"detail":"the database does not answer","code":"unavailable"}
}
