package main

import (
	"time"

	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// The commands that the loyalty service does, and what it learns of.
const (
	redeemPoints   = "loyalty.redeem"
	restorePoints  = "loyalty.restore"
	orderConfirmed = "order.confirmed"
)

// sale is the saga's state.
type sale struct {
	Document string `json:"document"`
	Customer string `json:"customer"`
	Points   int    `json:"points"`
	Declined bool   `json:"declined"`
}

// plan is the saga: points are taken before the card is charged, and given back if
// that is declined.
var plan = saga.Definition[sale]{Name: "sell", Steps: []saga.Step[sale]{
	{Name: "create", Local: create, LocalUndo: refuse},
	{
		Name: "redeem", Command: redeemPoints, Undo: restorePoints,
		When: func(s *sale) bool { return s.Points > 0 },
		Request: func(_ *store.Tx, s *sale) (any, error) {
			return map[string]any{"customer": s.Customer, "points": s.Points}, nil
		},
		Timeout: 2 * time.Second,
	},
	{Name: "charge", Local: charge},
	{Name: "confirm", Pivot: true, Local: confirm},
}}

func create(tx *store.Tx, s *sale) error {
	_, err := tx.SQL().Exec("INSERT INTO sale (document, customer, points, status) VALUES (?, ?, ?, 'pending')",
		s.Document, s.Customer, s.Points)
	return err
}

func refuse(tx *store.Tx, s *sale, why saga.Rejection) error {
	_, err := tx.SQL().Exec("UPDATE sale SET status = 'refused', reason = ? WHERE document = ?", why.Reason, s.Document)
	return err
}

func charge(_ *store.Tx, s *sale) error {
	if s.Declined {
		return saga.Reject("card-declined", "the bank says no")
	}
	return nil
}

func confirm(tx *store.Tx, s *sale) error {
	if _, err := tx.SQL().Exec("UPDATE sale SET status = 'confirmed' WHERE document = ?", s.Document); err != nil {
		return err
	}
	return outbox.Publish(tx, orderConfirmed, 1, s.Customer, map[string]any{"document": s.Document, "goods": true})
}
