package httpfeed

import (
	"context"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// follower is a registered reader.
type follower struct {
	feed  *store.Feed
	types []string
}

// reader returns what a request reads from. A follower is registered with the log
// by its first request to this process, before it is told anything.
func (s *server) reader(ctx context.Context, ask request) (*follower, error) {
	if ask.follower == "" {
		return &follower{feed: s.log.Reader(ask.types...), types: ask.types}, nil
	}
	if f := s.registered(ask); f != nil {
		return f, nil
	}
	s.registering.Lock()
	defer s.registering.Unlock()
	if f := s.registered(ask); f != nil {
		return f, nil
	}
	known, err := s.log.Followers(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(known, func(r store.RegisteredFollower) bool { return r.Name == ask.follower })
	if i < 0 && len(known) >= s.opts.MaxFollowers {
		return nil, badRequest("the log has %d followers already and takes no more", len(known))
	}
	f := &follower{types: ask.types}
	if f.types == nil && i >= 0 {
		f.types = known[i].Types
	}
	if f.feed, err = s.log.Feed(ctx, store.Subscriber{Name: ask.follower, Types: f.types}); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.followers[ask.follower] = f
	return f, nil
}

// registered returns a follower that this process has registered for the types of
// the request, or nil.
func (s *server) registered(ask request) *follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.followers[ask.follower]; f != nil && (ask.types == nil || slices.Equal(ask.types, f.types)) {
		return f
	}
	return nil
}

// wants says whether the reader cares for messages of a type.
func (f *follower) wants(kind string) bool {
	return len(f.types) == 0 || slices.Contains(f.types, kind)
}

// acknowledge passes on what a follower has committed, once it is sure that this
// log has it: a log must not trim what somebody committed in another past.
func (s *server) acknowledge(f *follower, ask request) {
	state, ok := s.log.Known()
	p := ask.committed.Position
	if ask.follower == "" || p.Seq == 0 || !ok || p.Seq > state.Head || p.Epoch > state.Epoch {
		return
	}
	for _, fork := range state.History {
		if fork.Epoch > p.Epoch && p.Seq > fork.Seq {
			return
		}
	}
	f.feed.Ack(p)
}

// remember notes the last event of an answer: it comes back as the next request's
// place, and then need not be looked up.
func (s *server) remember(a *answer) {
	if a.last == (place{}) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.sent) >= 1024 {
		clear(s.sent)
	}
	s.sent[a.last.Seq] = a.last.id
}

func (s *server) sentAs(seq int64) bailiwick.ID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[seq]
}
