package bank

import (
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// The pace of sagas: a participant that was killed is back within seconds, and what
// asks it again must not wait much longer.
const (
	sagaTimeout  = 200 * time.Millisecond
	sagaAttempts = 6 // 13 s in all, because the wait doubles
	sagaTick     = 100 * time.Millisecond
	// sagaHold is for how long timers rest after the clock has jumped.
	sagaHold = 2 * time.Second
)

// desk is order: it takes transfers in and sees them through.
type desk struct {
	db        *store.DB
	transfers *saga.Saga[order]
	waiting   *waiting
}

func newOrder(db *store.DB, clock *Clock) (*service.Service, error) {
	orchestrator := saga.New(db, saga.Options{Tick: sagaTick, Hold: sagaHold, Monotonic: clock.Monotonic})
	d := &desk{db: db, waiting: newWaiting()}
	var err error
	if d.transfers, err = saga.Register(orchestrator, d.plan()); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /transfers", inbox.HandleHTTP(db, d.take))
	mux.Handle("GET /transfers/{id}", d.await(inbox.HandleHTTP(db, d.show)))
	mux.Handle("POST /replay", operating(db, retries))
	resting(mux, db, clock, d.state)
	replies := orchestrator.Handlers()
	return &service.Service{Name: Order, DB: db, API: mux,
		Follows: map[string]follow.Handlers{Wallet: replies, Payouts: replies},
		Parts:   []service.Part{orchestrator}}, nil
}

// plan is the saga of a transfer. Until it is decided any refusal takes everything
// back; from then on it goes on until it is done.
func (d *desk) plan() saga.Definition[order] {
	steps := []saga.Step[order]{{
		Name: "create",
		Local: func(tx *store.Tx, o *order) error {
			_, err := exec(tx, "create "+o.ID, `INSERT INTO transfer (id, request, payer, payee, amount, status, reason) VALUES (?, ?, ?, ?, ?, 'pending', '')`,
				o.ID, o.request, o.From, o.To, o.Amount)
			return err
		},
		LocalUndo: func(tx *store.Tx, o *order, why saga.Rejection) error { return d.settle(tx, o, Rejected, why.Reason) },
	},
		{Name: "withdraw", Command: walletWithdraw, Undo: walletRefund},
		{Name: "reserve", Command: payoutReserve, Undo: payoutCancel},
		{Name: "decide", Pivot: true, Local: func(tx *store.Tx, o *order) error {
			if o.suspicious() {
				return saga.Reject(reasonReview, "%d is a round sum", o.Amount)
			}
			return d.settle(tx, o, Done, "")
		}},
		{Name: "deposit", Command: walletDeposit},
		{Name: "confirm", Command: payoutConfirm},
	}
	for i := range steps {
		steps[i].Timeout, steps[i].Attempts = sagaTimeout, sagaAttempts
	}
	return saga.Definition[order]{Name: "transfer", Steps: steps}
}

// settle decides a pending transfer, once.
func (d *desk) settle(tx *store.Tx, o *order, status, reason string) error {
	tx.AfterCommit(func() { d.waiting.wake(o.ID) })
	return one(tx, "settle "+o.ID, `UPDATE transfer SET status = ?, reason = ? WHERE id = ? AND status = 'pending'`, status, reason, o.ID)
}

// take begins a transfer. The answer is that it is pending.
func (d *desk) take(tx *store.Tx, r *http.Request, o order) (Transfer, error) {
	if o.Amount < 1 || o.From == "" || o.To == "" || o.From == o.To || o.ID != "" {
		return Transfer{}, &bailiwick.Error{Code: bailiwick.Invalid, Op: "bank: transfer", Err: errOrder, Do: "correct the request"}
	}
	o.ID, o.request = d.db.NewID().String(), r.Header.Get("Idempotency-Key")
	t := Transfer{ID: o.ID, Key: o.request, From: o.From, To: o.To, Amount: o.Amount, Status: Pending}
	return t, d.transfers.Start(tx, o.ID, o.From, &o)
}

// show tells how a transfer stands.
func (d *desk) show(tx *store.Tx, r *http.Request, _ struct{}) (t Transfer, err error) {
	err = tx.SQL().QueryRow(selectTransfer+` WHERE id = ?`, r.PathValue("id")).Scan(t.fields()...)
	return t, err
}

const selectTransfer = `SELECT id, request, payer, payee, amount, status, reason FROM transfer`

func (t *Transfer) fields() []any {
	return []any{&t.ID, &t.Key, &t.From, &t.To, &t.Amount, &t.Status, &t.Reason}
}

func (d *desk) state(tx *store.Tx, s *State) (err error) {
	s.Transfers, err = rows(tx, (*Transfer).fields, selectTransfer+` ORDER BY id`)
	return err
}
