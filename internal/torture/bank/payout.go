package bank

import (
	"net/http"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func newPayout(db *store.DB, clock *Clock) (*service.Service, error) {
	mux := http.NewServeMux()
	resting(mux, db, clock, payoutState)
	return &service.Service{Name: Payouts, DB: db, API: mux, Follows: map[string]follow.Handlers{Order: {
		payoutReserve: saga.Action(reserve),
		payoutCancel:  saga.Compensation(cancel),
		payoutConfirm: saga.Action(confirm),
	}}}, nil
}

// reserve sets the amount of a transfer aside, up to [PayoutLimit].
func reserve(tx *store.Tx, _ saga.Command, o order) (struct{}, error) {
	if o.Amount > PayoutLimit {
		return struct{}{}, saga.Reject(reasonLimit, "%d is above the limit of %d", o.Amount, PayoutLimit)
	}
	_, err := exec(tx, "reserve "+o.ID, `INSERT INTO payout (transfer, amount, status) VALUES (?, ?, 'reserved')`, o.ID, o.Amount)
	return struct{}{}, err
}

// cancel takes a reservation back.
func cancel(tx *store.Tx, _ saga.Command, o order) error {
	return one(tx, "cancel "+o.ID, `UPDATE payout SET status = 'cancelled' WHERE transfer = ? AND status = 'reserved'`, o.ID)
}

// confirm ends a reservation: the money was paid.
func confirm(tx *store.Tx, _ saga.Command, o order) (struct{}, error) {
	return struct{}{}, one(tx, "confirm "+o.ID, `UPDATE payout SET status = 'confirmed' WHERE transfer = ? AND status = 'reserved'`, o.ID)
}

func (p *Payout) fields() []any { return []any{&p.Transfer, &p.Amount, &p.Status} }

func payoutState(tx *store.Tx, s *State) (err error) {
	s.Payouts, err = rows(tx, (*Payout).fields, `SELECT transfer, amount, status FROM payout ORDER BY transfer`)
	return err
}
