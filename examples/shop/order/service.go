package order

import (
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Name is the service's name, and the owner of its database.
const Name = "order"

// New makes the order service on its database, which was opened with [Migrations].
func New(db *store.DB) (*service.Service, error) {
	orchestrator := saga.New(db, saga.Options{})
	o, err := newOffice(db, orchestrator)
	if err != nil {
		return nil, err
	}
	catalog, users := learn()
	replies := orchestrator.Handlers()
	return &service.Service{
		Name: Name,
		DB:   db,
		API:  o.api(),
		Follows: map[string]follow.Handlers{
			"catalog": catalog, "user": users,
			"inventory": replies, "payment": replies, "delivery": replies, "notification": replies,
		},
		Parts: []service.Part{orchestrator},
	}, nil
}
