package service

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// check finds what is wrong with the services before anything runs.
func (g *Group) check() error {
	wrong := func(s *Service, why string, args ...any) error {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "service: group " + s.Name, Err: fmt.Errorf(why, args...)}
	}
	for i, s := range g.services {
		switch {
		case s.Name == "":
			return wrong(s, "service %d has no name", i+1)
		case slices.IndexFunc(g.services, func(o *Service) bool { return o.Name == s.Name }) != i:
			return wrong(s, "two services have this name")
		case s.DB == nil:
			return wrong(s, "it has no database")
		case s.DB.Owner() != s.Name:
			return wrong(s, "its database belongs to %q", s.DB.Owner())
		}
		for producer := range s.Follows {
			if g.opts.Sources == nil && g.named(producer) == nil {
				return wrong(s, "it follows %q, which is not in the group", producer)
			}
		}
	}
	return nil
}

func (g *Group) named(name string) *Service {
	for _, s := range g.services {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// sibling is the source of a log that a service of this group produces.
func (g *Group) sibling(ctx context.Context, consumer *Service, producer string, types []string) (follow.Source, error) {
	return g.named(producer).DB.Log().Feed(ctx, store.Subscriber{Name: consumer.Name, Types: types})
}

// wire is a follower and how far it has come. It stands between the follower and
// its source, because a position is written down only with effects, and so may be
// older than what the follower has seen.
type wire struct {
	follow.Source
	follower *follow.Follower
	consumer *Service
	seen     atomic.Int64
}

// Ack notes the position and passes it on.
func (w *wire) Ack(p bailiwick.Position) {
	w.note(p)
	w.Source.Ack(p)
}

// Wait notes the position too: a follower with one lane waits when it is done
// with all that came before.
func (w *wire) Wait(ctx context.Context, after bailiwick.Position) error {
	if w.follower.Lanes <= 1 {
		w.note(after)
	}
	return w.Source.Wait(ctx, after)
}

func (w *wire) note(p bailiwick.Position) {
	for seen := w.seen.Load(); p.Seq > seen && !w.seen.CompareAndSwap(seen, p.Seq); seen = w.seen.Load() {
	}
}

// Head is how far the source reaches, as far as is known; -1 where it cannot tell.
func (w *wire) Head() int64 {
	if source, ok := w.Source.(interface{ Head() int64 }); ok {
		return source.Head()
	}
	return -1
}

// lag is how many messages are still to be applied, as far as is known.
func (w *wire) lag() int64 { return max(w.Head()-w.seen.Load(), 0) }

// connect registers every follower with its log before the first request is
// taken, so that no message is trimmed that it has yet to see.
func (g *Group) connect(ctx context.Context) error {
	for _, s := range g.services {
		for producer, handlers := range s.Follows {
			source, err := g.opts.Sources(ctx, s, producer, handlers.Types())
			if err != nil {
				return err
			}
			w := &wire{Source: source, consumer: s}
			w.follower = &follow.Follower{Name: source.Log(), DB: s.DB, Source: w, Handlers: handlers, Logger: g.opts.Logger}
			if g.opts.Tune != nil {
				g.opts.Tune(s, w.follower)
			}
			g.wires = append(g.wires, w)
		}
	}
	return nil
}
