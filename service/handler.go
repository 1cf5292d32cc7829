package service

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick/service/trace"
	"github.com/bailiwick/bailiwick/store"
)

// Handler serves every service under /NAME/, and beside its API
//
//	/NAME/healthz/live   200 while the process answers
//	/NAME/healthz/ready  200 while the service takes requests, else 503
//	/NAME/status         how it is doing, as JSON
//	/NAME/metrics        what Options.Metrics holds for it
//
// and /healthz/live, /healthz/ready and /status for all of them. Requests carry a
// correlation id and a trace; see package trace.
func (g *Group) Handler() http.Handler {
	mux := http.NewServeMux()
	g.observe(mux, "", g.services)
	for _, s := range g.services {
		prefix := "/" + s.Name
		g.observe(mux, prefix, []*Service{s})
		if m := g.opts.Metrics[s.Name]; m != nil {
			mux.Handle("GET "+prefix+"/metrics", m)
		}
		if s.API != nil {
			mux.Handle(prefix+"/", g.admit(http.StripPrefix(prefix, s.API)))
		}
	}
	return trace.Middleware(g.opts.IDs, trace.Requests(g.opts.Logger, mux))
}

// observe serves the health and the state of some services.
func (g *Group) observe(mux *http.ServeMux, prefix string, services []*Service) {
	mux.HandleFunc("GET "+prefix+"/healthz/live", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "live"})
	})
	mux.HandleFunc("GET "+prefix+"/healthz/ready", func(w http.ResponseWriter, r *http.Request) {
		if err := g.ready(r.Context(), services); err != nil {
			refuse(w, err)
			return
		}
		answer(w, http.StatusOK, map[string]string{"status": "ready"})
	})
	mux.HandleFunc("GET "+prefix+"/status", func(w http.ResponseWriter, r *http.Request) {
		list, err := g.statusOf(r.Context(), services)
		switch {
		case err != nil:
			refuse(w, err)
		case prefix != "":
			answer(w, http.StatusOK, list[0])
		default:
			answer(w, http.StatusOK, list)
		}
	})
}

var errNotRunning = errors.New("the service is starting or stopping")

func (g *Group) ready(ctx context.Context, services []*Service) error {
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
			refuse(w, errNotRunning)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// refuse answers 503 with a problem document (RFC 9457).
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	answer(w, http.StatusServiceUnavailable, map[string]any{"title": "Service Unavailable",
		"status": http.StatusServiceUnavailable, "detail": err.Error(), "code": "unavailable"})
}

func answer(w http.ResponseWriter, code int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
}
