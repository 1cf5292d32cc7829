package service

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
)

// Options tune a Group. The zero value is ready to use.
type Options struct {
	// Logger is told of requests (at debug level; failures as errors) and of what
	// starts and stops; nil means slog.Default().
	Logger *slog.Logger
	// IDs makes the trace and correlation ids of requests that come without; nil
	// means the system's clock and crypto/rand.
	IDs *bailiwick.IDs
	// Metrics serves /NAME/metrics, by the name of the service. It may be nil.
	Metrics map[string]http.Handler
	// Sources returns the log of producer as consumer reads it; nil means that the
	// producers are services of the same group.
	Sources func(ctx context.Context, consumer *Service, producer string, types []string) (follow.Source, error)
	// Tune adjusts a follower before it runs: its retries, batch or lanes. It may
	// be nil.
	Tune func(consumer *Service, f *follow.Follower)
	// DrainTimeout bounds how long requests, messages and sagas that are under way
	// may take to come to rest once Run is told to stop; 0 means 10 s.
	DrainTimeout time.Duration
}

// Group runs services in one process.
type Group struct {
	opts     Options
	services []*Service
}

var errUnfinished = errors.New("not running")

// NewGroup returns a group of services. A name that is missing, taken twice, or
// not the owner of the database, and a log that nobody of the group produces,
// have the code [bailiwick.Invalid].
func NewGroup(opts Options, services ...*Service) (*Group, error) {
	return &Group{opts: opts, services: services}, nil
}

// Run starts the services and returns once they have stopped.
func (g *Group) Run(ctx context.Context) error { return errUnfinished }

// Handler serves all services.
func (g *Group) Handler() http.Handler { return http.NotFoundHandler() }

// Status tells how each service is doing.
func (g *Group) Status(ctx context.Context) ([]Status, error) { return nil, errUnfinished }

// Settle returns once everything has come to rest.
func (g *Group) Settle(ctx context.Context) error { return errUnfinished }

// Status tells how one service is doing.
type Status struct {
	Service string `json:"service"`
}
