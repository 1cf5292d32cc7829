package httpfeed

import (
	"context"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// follower is a registered reader. While one program replaces another, a follower
// may ask for two lists of types by turns: it is registered once for each.
type follower struct {
	feed  *store.Feed
	types []string
}

// maxLists is how many lists of types are remembered for one follower.
const maxLists = 4

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
	list := append(s.followers[ask.follower], f)
	s.followers[ask.follower] = list[max(0, len(list)-maxLists):]
	return f, nil
}

// registered returns a follower that this process has registered for the types of
// the request, or nil.
func (s *server) registered(ask request) *follower {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.followers[ask.follower]
	for i := len(list) - 1; i >= 0; i-- {
		if ask.types == nil || slices.Equal(ask.types, list[i].types) {
			return list[i]
		}
	}
	return nil
}

// wants says whether the reader cares for messages of a type.
func (f *follower) wants(kind string) bool {
	return len(f.types) == 0 || slices.Contains(f.types, kind)
}

// acknowledge passes on what a follower has committed, once it is sure that this
// log has it: a log must not trim what somebody committed in another past.
func (s *server) acknowledge(ask request) {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if list := s.followers[ask.follower]; len(list) > 0 {
		list[len(list)-1].feed.Ack(p) // the log listens to the latest registration
	}
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
