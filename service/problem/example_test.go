package problem_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/problem"
)

func ExampleRefuse() {
	w := httptest.NewRecorder()
	problem.Refuse(w, http.StatusServiceUnavailable, bailiwick.Unavailable, "the service is away")
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"), w.Header().Get("Retry-After"))
	fmt.Println(w.Body)
	// Output:
	// 503 application/problem+json no-store 1
	// {"title":"Service Unavailable","status":503,"detail":"the service is away","code":"unavailable"}
}
