// Package settle finds out when services that follow each other have come to rest,
// so that a program can drain before it stops, and a test can wait for what is to
// happen instead of sleeping.
package settle

import (
	"context"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
)

// Source is a log as a follower reads it, and remembers how far that has come. It
// has to be remembered here, because a follower writes its position down only with
// effects, or once it has been idle for a while.
type Source struct {
	follow.Source
	// Follower is who reads it: "payment".
	Follower string
	// Lanes are those of the follower.
	Lanes int
	seen  atomic.Int64
}

// Ack notes the position and passes it on.
func (s *Source) Ack(p bailiwick.Position) {
	s.note(p)
	s.Source.Ack(p)
}

// Wait notes the position too: a follower with one lane waits when it is done
// with all that came before.
func (s *Source) Wait(ctx context.Context, after bailiwick.Position) error {
	if s.Lanes <= 1 {
		s.note(after)
	}
	return s.Source.Wait(ctx, after)
}

func (s *Source) note(p bailiwick.Position) {
	for {
		seen := s.seen.Load()
		if p.Seq <= seen || s.seen.CompareAndSwap(seen, p.Seq) {
			return
		}
	}
}

// Head is how far the log reaches, as far as is known; -1 where the source cannot
// tell.
func (s *Source) Head() int64 {
	if headed, ok := s.Source.(interface{ Head() int64 }); ok {
		return headed.Head()
	}
	return -1
}

// Lag is how many messages the follower has yet to apply, as far as is known.
func (s *Source) Lag() int64 { return max(s.Head()-s.seen.Load(), 0) }
