package service

import (
	"context"
	"fmt"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service/settle"
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
		case slices.ContainsFunc(g.services[:i], func(o *Service) bool { return o.Name == s.Name }):
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

// named returns the service of a name, or nil.
func (g *Group) named(name string) *Service {
	if i := slices.IndexFunc(g.services, func(s *Service) bool { return s.Name == name }); i >= 0 {
		return g.services[i]
	}
	return nil
}

// sibling is the source of a log that a service of this group produces.
func (g *Group) sibling(ctx context.Context, consumer *Service, producer string, types []string) (follow.Source, error) {
	return g.named(producer).DB.Log().Feed(ctx, store.Subscriber{Name: consumer.Name, Types: types})
}

// connect registers every follower with its log before the first request is
// taken, so that no message is trimmed that it has yet to see, and returns all that
// has to run beside the databases.
func (g *Group) connect(ctx context.Context) (parts []Part, err error) {
	for _, s := range g.services {
		for producer, handlers := range s.Follows {
			log, err := g.opts.Sources(ctx, s, producer, handlers.Types())
			if err != nil {
				return nil, err
			}
			f := &follow.Follower{Name: log.Log(), DB: s.DB, Handlers: handlers, Logger: g.opts.Logger.With("service", s.Name)}
			if g.opts.Tune != nil {
				g.opts.Tune(s, f)
			}
			source := &settle.Source{Source: log, Follower: s.Name, Lanes: f.Lanes}
			f.Source = source
			g.sources = append(g.sources, source)
			parts = append(parts, f)
		}
		parts = append(parts, s.Parts...)
	}
	return parts, nil
}
