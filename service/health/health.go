// Package health answers whether a process lives, and whether it can take
// requests.
package health

import (
	"context"
	"encoding/json"
	"net/http"
)

// Register serves PREFIX/healthz/live, which is 200 while the process answers, and
// PREFIX/healthz/ready, which is 200 while ready returns nil and otherwise 503 with
// the reason as a problem document (RFC 9457).
func Register(mux *http.ServeMux, prefix string, ready func(ctx context.Context) error) {
	mux.HandleFunc("GET "+prefix+"/healthz/live", func(w http.ResponseWriter, _ *http.Request) {
		Answer(w, map[string]string{"status": "live"})
	})
	mux.HandleFunc("GET "+prefix+"/healthz/ready", func(w http.ResponseWriter, r *http.Request) {
		if err := ready(r.Context()); err != nil {
			Refuse(w, err)
			return
		}
		Answer(w, map[string]string{"status": "ready"})
	})
}

// Answer answers 200 with body as JSON.
func Answer(w http.ResponseWriter, body any) { write(w, http.StatusOK, "application/json", body) }

// Refuse answers 503 with a problem document, and asks to come again.
func Refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Retry-After", "1")
	write(w, http.StatusServiceUnavailable, "application/problem+json", map[string]any{"title": "Service Unavailable",
		"status": http.StatusServiceUnavailable, "detail": err.Error(), "code": "unavailable"})
}

func write(w http.ResponseWriter, status int, mediaType string, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
}
