package simulation

import (
	"context"
	"errors"
	"strconv"

	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// ask is a client: it asks for one thing after another, each with a key of its own and
// until it is answered.
func (w *world) ask(client int, requests []request) {
	for _, q := range requests {
		v := w.services[0] // order; or wallet, where there are no transfers
		if w.plan.sagas && q.to == "" {
			v = w.services[1]
		}
		for {
			g := &gate{key: "client." + strconv.Itoa(client) + " asks " + q.key, of: w.outside, ready: func() bool {
				return v.up() && (!q.late || w.steps.Load() > int64(w.plan.storm))
			}}
			pass, _ := w.wait(context.Background(), g)
			if pass.dead {
				return
			}
			reply, err := q.put(v.one(pass.pick))
			var no saga.Rejection
			if errors.As(err, &no) {
				reply, err = refused, nil
			}
			if err == nil {
				w.answer(q.key, reply)
				break
			}
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clients--
}

// The answers: to a move, to a transfer, and to a move that is not possible.
const (
	done    = "done"
	begun   = "begun"
	refused = "refused"
)

// put has a process do what is asked, once however often it is asked.
func (q request) put(p *process) (reply string, err error) {
	err = p.db.Do(context.Background(), func(tx *store.Tx) error {
		stored, _, err := inbox.Answer(tx, "request", q.key, nil, func() ([]byte, error) {
			if q.to == "" {
				return []byte(done), change(tx, q.from, q.amount, q.key)
			}
			return []byte(begun), p.transfers.Start(tx, q.key, q.from, &transfer{ID: q.key, From: q.from, To: q.to, Amount: q.amount})
		})
		reply = string(stored)
		return err
	})
	return reply, err
}

// cancel has a process take a transfer back, unless it is decided already. at tells it
// from another attempt.
func (q request) cancel(p *process, at int64) {
	_ = p.db.Do(context.Background(), func(tx *store.Tx) error {
		if err := tx.Lock("cancel/" + q.key + "/" + strconv.FormatInt(at, 10)); err != nil {
			return err
		}
		return p.orchestrator.Cancel(tx, q.key, saga.Rejection{Reason: "cancelled"})
	})
}

func (w *world) answer(key, reply string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[key] = reply
}
