// Package health answers whether a process lives, and whether it can take
// requests.
package health

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/problem"
)

// Register serves PREFIX/healthz/live, which is 200 while the process answers, and
// PREFIX/healthz/ready, which is 200 while ready returns nil and otherwise 503 with
// the reason as a problem document (RFC 9457).
func Register(mux *http.ServeMux, prefix string, ready func(ctx context.Context) error) {
	mux.Handle("GET "+prefix+"/healthz/live", Report(func(context.Context) (map[string]string, error) {
		return map[string]string{"status": "live"}, nil
	}))
	mux.Handle("GET "+prefix+"/healthz/ready", Report(func(ctx context.Context) (map[string]string, error) {
		return map[string]string{"status": "ready"}, ready(ctx)
	}))
}

// Report serves what look finds, as JSON. Where that fails, it answers 503 with a
// problem document.
func Report[T any](look func(ctx context.Context) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		found, err := look(r.Context())
		if err != nil {
			problem.Refuse(w, http.StatusServiceUnavailable, bailiwick.Unavailable, err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(found) // whoever asked may have gone
	}
}
