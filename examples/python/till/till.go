package main

import (
	"embed"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpstep"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

//go:embed schema/*.sql
var schema embed.FS

// till sells.
type till struct {
	db     *store.DB
	driver *saga.Orchestrator
	sales  *saga.Saga[sale]
}

// newTill returns the service order, on its database. loyalty is the URL of the
// service that keeps points, token what that asks for.
func newTill(db *store.DB, loyalty, token string) (*service.Service, error) {
	t := &till{db: db, driver: saga.New(db, saga.Options{})}
	var err error
	if t.sales, err = saga.Register(t.driver, plan); err != nil {
		return nil, err
	}
	courier, err := httpstep.New(httpstep.Options{
		DB: db,
		Steps: map[string]string{
			redeemPoints:  loyalty + "/steps/redeem",
			restorePoints: loyalty + "/steps/redeem",
		},
		Replies: t.driver.Handlers(),
		Token:   token,
	})
	if err != nil {
		return nil, err
	}
	return &service.Service{
		Name:  "order",
		DB:    db,
		API:   t.api(),
		Parts: []service.Part{t.driver, courier},
		Follows: map[string]follow.Handlers{"loyalty": {
			"loyalty.earned":   inbox.Handle(1, learnBalance),
			"loyalty.redeemed": inbox.Handle(1, learnBalance),
			"loyalty.restored": inbox.Handle(1, learnBalance),
		}},
	}, nil
}

// change is what the loyalty service tells of a customer's points.
type change struct {
	Customer string `json:"customer"`
	Points   int64  `json:"points"` // negative where they were redeemed
}

func learnBalance(tx *store.Tx, _ *bailiwick.Message, c change) error {
	_, err := tx.SQL().Exec(`INSERT INTO balance (customer, points) VALUES (?, ?)
		ON CONFLICT (customer) DO UPDATE SET points = points + excluded.points`, c.Customer, c.Points)
	return err
}
