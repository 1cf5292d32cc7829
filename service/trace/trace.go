// Package trace carries trace and correlation ids from requests into contexts,
// and from there into messages and log lines. A store's transactions take them
// from the context, and followers hand them on, so that one id finds everything
// that a request caused, in every service.
package trace

import (
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/bailiwick/bailiwick"
)

const (
	// CorrelationHeader brings a correlation id, and returns it.
	CorrelationHeader = "X-Correlation-ID"
	// ParentHeader brings a trace, as W3C Trace Context describes it.
	ParentHeader = "Traceparent"
)

// Middleware gives the context of every request a correlation id and a
// traceparent: those that it brings, else new ones from ids. The correlation id is
// returned in a header.
func Middleware(ids *bailiwick.IDs, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := ids.New()
		correlation := r.Header.Get(CorrelationHeader)
		if !acceptable(correlation) {
			correlation = id.String()
		}
		w.Header().Set(CorrelationHeader, correlation)
		ctx := bailiwick.WithCorrelation(r.Context(), correlation)
		ctx = bailiwick.WithTrace(ctx, child(r.Header.Get(ParentHeader), id))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// acceptable refuses what would make log lines unreadable.
func acceptable(correlation string) bool {
	if correlation == "" || len(correlation) > 128 {
		return false
	}
	for _, c := range []byte(correlation) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// child returns a traceparent with parent's trace and flags, or else a new trace,
// and a span of its own. https://www.w3.org/TR/trace-context/
func child(parent string, id bailiwick.ID) string {
	trace, flags := hex.EncodeToString(id[:]), "00"
	if parts := strings.Split(parent, "-"); len(parts) >= 4 && parts[0] != "ff" && given(parts[0], 2) &&
		given(parts[1], 32) && given(parts[2], 16) && given(parts[3], 2) && strings.Trim(parts[1], "0") != "" {
		trace, flags = parts[1], parts[3]
	}
	return "00-" + trace + "-" + hex.EncodeToString(id[8:]) + "-" + flags
}

// given says whether s is a field of n lower-case hexadecimal digits.
func given(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}
