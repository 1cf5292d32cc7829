// Package service runs the parts of a service: its database, its followers, its
// sagas and its API; alone in a process, or with others.
//
// Nothing here cannot be done without it. Every part is a value with
// Run(ctx) error, every API an http.Handler: a program that has a group of its
// own, such as errgroup, can run them there (see the example of [Part]). What a
// [Group] adds is the order of things: databases start before those who follow
// them, requests end before the work that they caused, and one part that fails
// ends all.
package service

import (
	"context"
	"net/http"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// A Part is something that runs for as long as its service does: a
// *follow.Follower, a *saga.Orchestrator, a *store.DB.
type Part interface {
	// Run works until ctx ends and then returns nil or ctx's error. Any other
	// return is a failure, and ends the group.
	Run(ctx context.Context) error
}

// Service is one service: the database it owns, the API it serves, the logs it
// follows, and what else runs for it.
type Service struct {
	// Name is unique in the group, the owner of DB, and the path under which the
	// API is served: "order".
	Name string
	// DB is the service's database. Whoever opened it closes it, after Run.
	DB *store.DB
	// API is served under /Name/, which is cut off before it is called. It may be
	// nil.
	API http.Handler
	// Follows are the handlers for other services' logs, by the name of the service
	// that produces: "user" follows the log "user/outbox".
	Follows map[string]follow.Handlers
	// Parts are run from start to stop; a saga's orchestrator is one.
	Parts []Part
	// Ready is asked, beside the database, whether the service can take requests.
	// It may be nil.
	Ready func(ctx context.Context) error
}
