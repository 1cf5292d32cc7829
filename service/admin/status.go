package admin

import (
	"context"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// Status tells how one service is doing.
type Status struct {
	Service string `json:"service"`
	Engine  string `json:"engine"`
	// Log is the service's own log, with those who follow it.
	Log outbox.LogStatus `json:"log"`
	// Follows tells of the logs that the service follows.
	Follows []follow.FollowerStatus `json:"follows"`
	// Sagas counts the sagas that have not ended, by state; not beyond [MaxSagas].
	Sagas map[string]int `json:"sagas"`
}

// MaxSagas is how many sagas a [Status] counts at most.
const MaxSagas = 10_000

// Inspect tells how the service that owns db is doing. It only reads, so that
// anyone may ask while the service runs elsewhere.
func Inspect(ctx context.Context, db *store.DB) (s Status, err error) {
	s = Status{Service: db.Owner(), Engine: db.Capabilities().Engine,
		Sagas: map[string]int{saga.Running: 0, saga.Compensating: 0, saga.Parked: 0}}
	if s.Log, err = outbox.Status(ctx, db); err != nil {
		return s, err
	}
	if s.Follows, err = follow.Status(ctx, db); err != nil {
		return s, err
	}
	if s.Follows == nil {
		s.Follows = []follow.FollowerStatus{} // [] in JSON, not null
	}
	open, err := saga.List(ctx, db, saga.Filter{States: []string{saga.Running, saga.Compensating, saga.Parked}, Limit: MaxSagas})
	for _, one := range open {
		s.Sagas[one.State]++
	}
	return s, err
}
