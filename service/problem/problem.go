// Package problem answers requests that are refused, in the form of RFC 9457.
package problem

import (
	"encoding/json"
	"net/http"

	"github.com/bailiwick/bailiwick"
)

// Refuse answers with a problem document: a detail for people and a code for
// programs. No cache may keep it. With the statuses 429 and 503 it asks to come again
// in a second.
func Refuse(w http.ResponseWriter, status int, code bailiwick.Code, detail string) {
	body, _ := json.Marshal(struct { // cannot fail: plain fields
		Title  string         `json:"title"`
		Status int            `json:"status"`
		Detail string         `json:"detail"`
		Code   bailiwick.Code `json:"code"`
	}{http.StatusText(status), status, detail, code})
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked may have gone
}
