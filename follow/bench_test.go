package follow_test

import (
	"context"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// BenchmarkFollow measures what the loop costs a message on an engine that costs
// little itself: one that is skipped, and one whose handler does nothing.
func BenchmarkFollow(b *testing.B) {
	for name, types := range map[string]string{"skipped": "other", "handled": "sold"} {
		b.Run(name, func(b *testing.B) {
			ctx, stop := context.WithCancel(context.Background())
			defer stop()
			db := onDisk(memory.NewDisk(memory.Options{}), "till")
			source := &endless{left: int64(b.N), done: stop}
			for i := range source.run {
				source.run[i] = &bailiwick.Message{Epoch: 1, Key: "a", Type: "sold", Version: 1}
			}
			f := &follow.Follower{DB: db, Source: source, Logger: quiet, Handlers: follow.Handlers{
				types: func(*store.Tx, *bailiwick.Message) error { return nil },
			}}
			b.ReportAllocs()
			if err := f.Run(ctx); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// endless is a source that makes its messages up, until it has made enough.
type endless struct {
	run  [256]*bailiwick.Message
	left int64
	done func()
}

func (s *endless) Log() string            { return "shop/outbox" }
func (s *endless) Ack(bailiwick.Position) {}

func (s *endless) Read(_ context.Context, after bailiwick.Position, _ int) (bailiwick.Batch, error) {
	for i := range s.run {
		m := *s.run[i]
		m.Seq = after.Seq + int64(i) + 1
		s.run[i] = &m
	}
	s.left -= int64(len(s.run))
	return bailiwick.Batch{Messages: s.run[:], Through: s.run[len(s.run)-1].Position()}, nil
}

func (s *endless) Wait(ctx context.Context, _ bailiwick.Position) error {
	if s.left > 0 {
		return ctx.Err()
	}
	s.done()
	return ctx.Err()
}
