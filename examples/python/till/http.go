package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// api serves
//
//	POST /sales                    sells: {"document", "customer", "points", "declined"}
//	POST /sales/{document}/cancel  takes a sale back that is not decided
//	GET  /report                   how all sales stand, and all balances
func (t *till) api() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /sales", t.sell)
	mux.HandleFunc("POST /sales/{document}/cancel", t.cancel)
	mux.HandleFunc("GET /report", t.report)
	return mux
}

func (t *till) sell(w http.ResponseWriter, r *http.Request) {
	var s sale
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&s); err != nil {
		answer(w, http.StatusBadRequest, err.Error())
		return
	}
	err := t.db.Do(r.Context(), func(tx *store.Tx) error {
		var known int
		err := tx.SQL().QueryRow("SELECT count(*) FROM sale WHERE document = ?", s.Document).Scan(&known)
		if err != nil || known > 0 {
			return err // the same sale, once more
		}
		return t.sales.Start(tx, s.Document, s.Customer, &s)
	})
	t.respond(w, http.StatusAccepted, "accepted", err)
}

func (t *till) cancel(w http.ResponseWriter, r *http.Request) {
	err := t.db.Do(r.Context(), func(tx *store.Tx) error {
		return t.driver.Cancel(tx, r.PathValue("document"), saga.Rejection{Reason: "cancelled"})
	})
	t.respond(w, http.StatusAccepted, "cancelled", err)
}

// A soldItem is one line of the report.
type soldItem struct {
	Document, Customer string
	Points             int64
	Status, Reason     string
}

// A summary is everything that the till knows.
type summary struct {
	Sales    []soldItem
	Balances map[string]int64
	// Sagas counts those of each state that have not ended as they should.
	Sagas map[string]int
}

func (t *till) report(w http.ResponseWriter, r *http.Request) {
	s, err := t.summarise(r.Context())
	t.respond(w, http.StatusOK, s, err)
}

func (t *till) summarise(ctx context.Context) (summary, error) {
	s := summary{Balances: map[string]int64{}, Sagas: map[string]int{}}
	unfinished, err := saga.List(ctx, t.db, saga.Filter{States: []string{saga.Running, saga.Compensating, saga.Parked}, Limit: 1000})
	for _, u := range unfinished {
		s.Sagas[u.State]++
	}
	if err != nil {
		return s, err
	}
	err = t.db.Read(ctx, func(tx *store.Tx) error {
		sales, err := tx.SQL().Query("SELECT document, customer, points, status, reason FROM sale ORDER BY document")
		if err != nil {
			return err
		}
		defer sales.Close()
		for sales.Next() {
			var i soldItem
			if err := sales.Scan(&i.Document, &i.Customer, &i.Points, &i.Status, &i.Reason); err != nil {
				return err
			}
			s.Sales = append(s.Sales, i)
		}
		if err := sales.Close(); err != nil {
			return err
		}
		balances, err := tx.SQL().Query("SELECT customer, points FROM balance")
		if err != nil {
			return err
		}
		defer balances.Close()
		for balances.Next() {
			var customer string
			var points int64
			if err := balances.Scan(&customer, &points); err != nil {
				return err
			}
			s.Balances[customer] = points
		}
		return errors.Join(sales.Err(), balances.Err())
	})
	return s, err
}

// respond answers a request with a value, or says what went wrong.
func (t *till) respond(w http.ResponseWriter, status int, value any, err error) {
	if err != nil {
		status, value = inbox.StatusOf(err), err.Error()
	}
	if status >= http.StatusInternalServerError {
		t.db.Logger().Error("a request failed", "err", bailiwick.Loggable(err))
		value = "try again"
	}
	answer(w, status, value)
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // whoever asked may have gone
}
