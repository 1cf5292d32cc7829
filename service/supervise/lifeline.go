package supervise

import (
	"context"
	"io"
	"os"
)

// Lifeline is the child's side: it returns a context that ends with ctx, or when
// the parent closes the child's standard input or dies. It is called once, by a
// process that reads nothing else from there; what it started ends with the process.
func Lifeline(ctx context.Context) context.Context { return until(ctx, os.Stdin) }

// until returns a context that ends when r does.
func until(ctx context.Context, r io.Reader) context.Context {
	ctx, stop := context.WithCancel(ctx)
	go func() {
		defer stop()
		_, _ = io.Copy(io.Discard, r) // however it ends, nobody is there any more
	}()
	return ctx
}
