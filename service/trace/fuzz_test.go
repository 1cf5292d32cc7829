package trace

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
)

// wellFormed is version 00 of a traceparent. https://www.w3.org/TR/trace-context/
var wellFormed = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$`)

// Whatever headers a request brings, it goes on with a traceparent that is well
// formed, in the trace it came from where that was, and with a correlation id that
// fits on a log line.
func FuzzHeaders(f *testing.F) {
	f.Add("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "ticket-12")
	f.Add("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes", "")
	f.Add("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "two words")
	f.Add("00-00000000000000000000000000000000-b7ad6b7169203331-01", "a\r\nb: c")
	f.Add("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", strings.Repeat("x", 129))
	f.Add("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "é")
	f.Add("---", "\x00")
	ids := &bailiwick.IDs{}
	f.Fuzz(func(t *testing.T, parent, correlation string) {
		var went *http.Request
		h := Middleware(ids, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { went = r }))
		r := httptest.NewRequest("GET", "/", nil)
		r.Header[ParentHeader], r.Header[http.CanonicalHeaderKey(CorrelationHeader)] = []string{parent}, []string{correlation}
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		child := wellFormed.FindStringSubmatch(bailiwick.Trace(went.Context()))
		if child == nil || strings.Trim(child[1], "0") == "" || strings.Trim(child[2], "0") == "" {
			t.Fatalf("%q goes on as %q", parent, bailiwick.Trace(went.Context()))
		}
		if came := wellFormed.FindStringSubmatch(parent); came != nil && strings.Trim(came[1], "0") != "" {
			if child[1] != came[1] || child[3] != came[3] || child[2] == came[2] {
				t.Fatalf("%q goes on as %q", parent, child[0])
			}
		}
		id := bailiwick.Correlation(went.Context())
		if id == "" || len(id) > 128 || strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' }) || answer.Header().Get(CorrelationHeader) != id {
			t.Fatalf("%q goes on as %q", correlation, id)
		}
		if id != correlation && acceptable(correlation) {
			t.Fatalf("%q goes on as %q", correlation, id)
		}
	})
}
