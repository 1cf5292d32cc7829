package bailiwick

import "context"

type contextKey int

const (
	correlationKey contextKey = iota
	traceKey
)

// WithCorrelation returns a context whose transactions publish messages with
// this correlation id.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, correlationKey, id)
}

// Correlation returns the correlation id of ctx, or "".
func Correlation(ctx context.Context) string {
	id, _ := ctx.Value(correlationKey).(string)
	return id
}

// WithTrace returns a context whose transactions publish messages with this W3C
// traceparent.
func WithTrace(ctx context.Context, traceparent string) context.Context {
	return context.WithValue(ctx, traceKey, traceparent)
}

// Trace returns the W3C traceparent of ctx, or "".
func Trace(ctx context.Context) string {
	trace, _ := ctx.Value(traceKey).(string)
	return trace
}
