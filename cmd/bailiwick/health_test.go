package main_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestHealth(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/order/healthz/live" {
			http.Error(w, "starting or stopping", http.StatusServiceUnavailable)
		}
	}))
	call(t, "health", server.URL+"/order", "--live").expect(t, 0, "healthy")
	call(t, "health", server.URL+"/order/", "--live", "--json").expect(t, 0, `"healthy": true`)
	call(t, "health", server.URL+"/order").expect(t, 1, "503", "starting or stopping")
	server.Close()
	call(t, "health", server.URL, "--timeout", "1s").expect(t, 1, "unavailable")
	call(t, "health", "order").expect(t, 2, "http://")
	call(t, "health").expect(t, 2)
}
