package service

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/health"
	"github.com/bailiwick/bailiwick/service/problem"
	"github.com/bailiwick/bailiwick/service/trace"
	"github.com/bailiwick/bailiwick/store"
)

// Handler serves every service under /NAME/, and beside its API
//
//	/NAME/healthz/live   200 while the process answers
//	/NAME/healthz/ready  200 while the service takes requests, else 503
//	/NAME/status         how it is doing, as JSON
//	/NAME/metrics        what Options.Metrics holds for it
//	/NAME/feed           its log, by Options.Feed; also while the group drains
//
// and /healthz/live, /healthz/ready and /status for all of them. Requests carry a
// correlation id and a trace; see package trace.
func (g *Group) Handler() http.Handler {
	mux := http.NewServeMux()
	health.Register(mux, "", g.Ready)
	mux.Handle("GET /status", health.Report(g.Status))
	for _, s := range g.services {
		g.mount(mux, s, "/"+s.Name)
	}
	return trace.Middleware(g.opts.IDs, trace.Requests(g.opts.Logger, mux))
}

func (g *Group) mount(mux *http.ServeMux, s *Service, prefix string) {
	health.Register(mux, prefix, func(ctx context.Context) error { return g.ready(ctx, s) })
	mux.Handle("GET "+prefix+"/status", health.Report(func(ctx context.Context) (Status, error) { return g.status(ctx, s) }))
	if m := g.opts.Metrics[s.Name]; m != nil {
		mux.Handle("GET "+prefix+"/metrics", m)
	}
	if g.opts.Feed != nil {
		mux.Handle("GET "+prefix+"/feed", g.opts.Feed(s.DB.Log()))
	}
	if s.API != nil {
		mux.Handle(prefix+"/", g.admit(http.StripPrefix(prefix, s.API)))
	}
}

var errNotRunning = errors.New("the service is starting or stopping")

// Ready returns nil while every service takes requests, and else why not.
func (g *Group) Ready(ctx context.Context) error { return g.ready(ctx, g.services...) }

func (g *Group) ready(ctx context.Context, services ...*Service) error {
	if g.phase.Load() != running {
		return errNotRunning
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	for _, s := range services {
		err := s.DB.Read(ctx, func(tx *store.Tx) error { _, err := tx.Positions(); return err })
		if err == nil && s.Ready != nil {
			err = s.Ready(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// admit lets requests in while the group runs, and counts those under way.
func (g *Group) admit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.requests.Add(1) // before the phase is read: what a drain does not count is refused
		defer g.requests.Add(-1)
		if g.phase.Load() != running {
			problem.Refuse(w, http.StatusServiceUnavailable, bailiwick.Unavailable, errNotRunning.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}
