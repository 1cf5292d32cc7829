package bank

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/service/problem"
	"github.com/bailiwick/bailiwick/store"
)

// resting adds what every service tells of itself, and its clock. own adds what it
// alone knows.
func resting(mux *http.ServeMux, db *store.DB, clock *Clock, own func(tx *store.Tx, s *State) error) {
	mux.Handle("GET /state", answering(func(r *http.Request) (any, error) { return stateOf(r.Context(), db, own) }))
	mux.Handle("POST /clock", answering(func(r *http.Request) (any, error) {
		var req struct {
			Ahead string `json:"ahead"`
		}
		err := json.NewDecoder(r.Body).Decode(&req)
		by, wrong := time.ParseDuration(req.Ahead)
		if err != nil || wrong != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "bank: clock", Err: wrong, Do: `send {"ahead": "1h"}`}
		}
		clock.Set(by)
		return struct{}{}, nil
	}))
}

// answering makes a handler of what answers with JSON, or with a problem.
func answering(answer func(r *http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := answer(r)
		if err != nil {
			problem.Refuse(w, inbox.StatusOf(err), bailiwick.CodeOf(err), err.Error())
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body) // whoever asked may have gone
	})
}

// stateOf reads what a service says of itself.
func stateOf(ctx context.Context, db *store.DB, own func(tx *store.Tx, s *State) error) (s State, err error) {
	status, err := outbox.Status(ctx, db)
	if err != nil {
		return s, err
	}
	log := Log{Name: status.Name, Epoch: status.Epoch, Head: status.Head, Staged: status.Staged, Followers: map[string]int64{}}
	for _, f := range status.Followers {
		log.Followers[f.Name] = f.Position.Seq
	}
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		log.Messages, err = rows(tx, func(id *string) []any { return []any{id} }, `SELECT CAST(id AS TEXT) FROM bailiwick_log ORDER BY seq`)
		if err != nil {
			return err
		}
		return own(tx, &s)
	})
	if err != nil {
		return s, err
	}
	s.Logs = []Log{log}
	open, err := saga.List(ctx, db, saga.Filter{States: []string{saga.Running, saga.Compensating, saga.Parked}, Limit: admin.MaxSagas})
	if err != nil {
		return s, err
	}
	for _, one := range open {
		s.Sagas = append(s.Sagas, Saga{ID: one.ID, Status: one.State, Reason: one.Reason})
	}
	parked, err := follow.List(ctx, db)
	s.Parked = len(parked)
	return s, err
}
