package trace

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
)

// LogHandler returns a handler that adds the correlation id and the traceparent
// of the context to every line that next writes:
//
//	logger := slog.New(trace.LogHandler(slog.NewJSONHandler(os.Stderr, nil)))
//	logger.InfoContext(ctx, "order placed")
func LogHandler(next slog.Handler) slog.Handler { return logHandler{next} }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, r slog.Record) error {
	if id := bailiwick.Correlation(ctx); id != "" {
		r.AddAttrs(slog.String("correlation", id))
	}
	if parent := bailiwick.Trace(ctx); parent != "" {
		r.AddAttrs(slog.String("trace", parent))
	}
	return h.Handler.Handle(ctx, r)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}

// Requests tells logger of every request, at debug level, and of those that
// failed with a status of 500 or more as errors; but 503 is no failure, it only
// says that somebody came too early or too late.
func Requests(logger *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := &response{ResponseWriter: w, status: http.StatusOK}
		begun := time.Now()
		next.ServeHTTP(seen, r)
		level := slog.LevelDebug
		if seen.status >= http.StatusInternalServerError && seen.status != http.StatusServiceUnavailable {
			level = slog.LevelError
		}
		logger.Log(r.Context(), level, "request", "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", time.Since(begun))
	})
}

// response remembers the status of a response.
type response struct {
	http.ResponseWriter
	status int
}

func (w *response) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }
