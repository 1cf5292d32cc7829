package trace_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/trace"
)

func pass(headers ...string) (correlation, parent, returned string) {
	h := trace.Middleware(&bailiwick.IDs{}, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		correlation, parent = bailiwick.Correlation(r.Context()), bailiwick.Trace(r.Context())
	}))
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	h.ServeHTTP(w, r)
	return correlation, parent, w.Header().Get(trace.CorrelationHeader)
}

var wellFormed = regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)

func TestIDsAreKept(t *testing.T) {
	const given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	correlation, parent, returned := pass("X-Correlation-ID", "ticket-12", "traceparent", given)
	if correlation != "ticket-12" || returned != "ticket-12" {
		t.Errorf("correlation %q, returned %q", correlation, returned)
	}
	if !wellFormed.MatchString(parent) || parent[:36] != given[:36] || parent[52:] != "-01" {
		t.Errorf("trace %q of %q", parent, given)
	}
	if parent == given {
		t.Error("the request has the span of its caller")
	}
}

func TestIDsAreMade(t *testing.T) {
	for _, bad := range []string{"", "nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
		"00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"} {
		_, parent, _ := pass("traceparent", bad)
		if !wellFormed.MatchString(parent) || strings.Contains(bad, parent[3:35]) {
			t.Errorf("of %q came %q", bad, parent)
		}
	}
	for _, bad := range []string{"", "two words", "a\x1bb", strings.Repeat("x", 129)} {
		correlation, _, returned := pass("X-Correlation-ID", bad)
		if _, err := bailiwick.ParseID(correlation); err != nil || returned != correlation {
			t.Errorf("of %q came %q, returned %q", bad, correlation, returned)
		}
	}
	one, _, _ := pass()
	if two, _, _ := pass(); one == two {
		t.Error("two requests have one id")
	}
}

func TestRequestsAreLogged(t *testing.T) {
	for status, want := range map[int]string{200: "level=DEBUG", 404: "level=DEBUG", 500: "level=ERROR", 503: "level=DEBUG"} {
		var lines bytes.Buffer
		logger := slog.New(trace.LogHandler(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug})))
		h := trace.Requests(logger, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		r := httptest.NewRequest("GET", "/orders/1", nil)
		h.ServeHTTP(httptest.NewRecorder(), r.WithContext(bailiwick.WithCorrelation(r.Context(), "ticket-12")))
		for _, part := range []string{want, fmt.Sprint("status=", status), "path=/orders/1", "correlation=ticket-12"} {
			if !strings.Contains(lines.String(), part) {
				t.Errorf("the line of %d lacks %q: %s", status, part, &lines)
			}
		}
	}
}

func ExampleLogHandler() {
	text := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	logger := slog.New(trace.LogHandler(text)).With("service", "order")
	r := httptest.NewRequest("GET", "/", nil)
	logger.InfoContext(bailiwick.WithCorrelation(r.Context(), "ticket-12"), "order placed")
	// Output: level=INFO msg="order placed" service=order correlation=ticket-12
}
