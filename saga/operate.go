package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// Status is a saga as a person reads it.
type Status struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Key  string `json:"key"`
	// State is one of Running, Compensating, Completed, Compensated and Parked.
	State string `json:"state"`
	// Step and Op are what is awaited; empty once the saga has ended.
	Step string `json:"step,omitempty"`
	Op   string `json:"op,omitempty"`
	// Reason tells why it is parked, or why it was taken back.
	Reason  string     `json:"reason,omitempty"`
	Due     *time.Time `json:"due,omitempty"`
	Started time.Time  `json:"started"`
	Ended   *time.Time `json:"ended,omitempty"`
	// Log holds every operation of every step, in order.
	Log []Entry `json:"log"`
	// Data is the saga's own state.
	Data json.RawMessage `json:"data,omitempty"`
}

// Entry is one line of a saga's log: one operation of one step.
type Entry struct {
	Step string `json:"step"`
	// Op is "do" or "undo"; "resolve" where a person ended the saga.
	Op string `json:"op"`
	// Outcome is done, rejected, skipped or unknown; empty while it is awaited.
	Outcome string `json:"outcome,omitempty"`
	// Reason tells why it was rejected, or what a person said.
	Reason string `json:"reason,omitempty"`
	// Attempts is how often it was asked for.
	Attempts int        `json:"attempts,omitempty"`
	Begun    time.Time  `json:"begun"`
	Ended    *time.Time `json:"ended,omitempty"`
}

// Filter selects sagas. Zero fields do not restrict.
type Filter struct {
	Name   string
	States []string
	// After is the id of the last saga of the page before.
	After string
	// Limit is how many are returned at most; 0 means 100.
	Limit int
}

// List returns sagas of a database, latest ids first. It needs no definitions, so
// that an operator's program can call it on any service's database.
func List(ctx context.Context, db *store.DB, f Filter) ([]Status, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	var list []Status
	err := db.Read(ctx, func(tx *store.Tx) error {
		list = nil
		after := f.After
		for len(list) < f.Limit {
			page, err := tx.List(store.Query{Kind: recordKind, States: f.States, After: after, Newest: true, Limit: f.Limit})
			if err != nil || len(page) == 0 {
				return err
			}
			for _, r := range page {
				s, err := status(r)
				if err != nil {
					return err
				}
				if (f.Name == "" || s.Name == f.Name) && len(list) < f.Limit {
					list = append(list, s)
				}
			}
			after = page[len(page)-1].Key
		}
		return nil
	})
	return list, err
}

// Show returns one saga; one that does not exist has the code
// [bailiwick.NotFound].
func Show(ctx context.Context, db *store.DB, id string) (Status, error) {
	var s Status
	err := db.Read(ctx, func(tx *store.Tx) error {
		r, err := get(tx, id)
		if err != nil {
			return err
		}
		s, err = status(r)
		return err
	})
	return s, err
}

// Retry has a parked saga go on from where it was parked, with a fresh count of
// attempts. The service's orchestrator does it; where none runs, the next that
// starts.
func Retry(ctx context.Context, db *store.DB, id string) error {
	return change(ctx, db, "retry", id, func(at time.Time, r *store.Record, doc *document) error {
		if r.State != Parked {
			return errors.New("it is " + r.State + ", not parked")
		}
		r.State, r.Due, doc.Parked = doc.Phase, at, ""
		for i := len(doc.Log) - 1; i >= 0; i-- {
			if e := &doc.Log[i]; e.Step == doc.Step && e.Op == doc.Op && e.Outcome == "" {
				e.Attempts = 0
				break
			}
		}
		return nil
	})
}

// Resolve ends a parked saga by a person's word, who has put things right by
// other means: as Completed or as Compensated. The reason goes into its log.
func Resolve(ctx context.Context, db *store.DB, id, as, reason string) error {
	return change(ctx, db, "resolve", id, func(at time.Time, r *store.Record, doc *document) error {
		switch {
		case r.State != Parked:
			return errors.New("it is " + r.State + ", not parked")
		case as != Completed && as != Compensated:
			return fmt.Errorf("it can end as %s or %s, not as %q", Completed, Compensated, as)
		case reason == "":
			return errors.New("a reason is needed, for whoever reads the log later")
		}
		doc.Log = append(doc.Log, entry{Step: doc.Step, Op: "resolve", Outcome: as, Reason: reason, Begun: at.UnixMicro(), Ended: at.UnixMicro()})
		r.State, r.Due = as, time.Time{}
		doc.Step, doc.Op, doc.Parked, doc.Ended = "", "", "", at.UnixMicro()
		return nil
	})
}

func change(ctx context.Context, db *store.DB, what, id string, fn func(at time.Time, r *store.Record, doc *document) error) error {
	return db.Do(ctx, func(tx *store.Tx) error {
		r, err := get(tx, id)
		if err != nil {
			return err
		}
		var doc document
		if err := json.Unmarshal(r.Data, &doc); err != nil {
			return &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: read " + id, Err: err}
		}
		if err := fn(now(tx), &r, &doc); err != nil {
			return &bailiwick.Error{Code: bailiwick.Invalid, Op: "saga: " + what + " " + id, Err: err}
		}
		if r.Data, err = json.Marshal(&doc); err != nil {
			return &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: write " + id, Err: err}
		}
		return tx.Put(r)
	})
}

// Cancel starts compensation of a saga that is not decided yet, in the caller's
// transaction. Once its pivot has begun the code is [bailiwick.Conflict]: of
// cancelling and the pivot, whichever writes the saga's record first wins.
func (o *Orchestrator) Cancel(tx *store.Tx, id string, why Rejection) error {
	in, ok, err := o.load(tx, id)
	if err != nil {
		return err
	}
	op := "saga: cancel " + id
	if !ok {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: op, Err: errNoSaga}
	}
	if in.status != Running || in.decided() {
		return &bailiwick.Error{Code: bailiwick.Conflict, Op: op, Err: errors.New("it is decided already, or ended"), Do: "look at how it ends"}
	}
	i := in.plan.index(in.doc.Step)
	in.answered(now(tx), outcomeUnknown, "cancelled: "+why.Error())
	if err := in.compensate(tx, i, why); err != nil {
		return err
	}
	return o.save(tx, in)
}

var errNoSaga = errors.New("there is no such saga")

func get(tx *store.Tx, id string) (store.Record, error) {
	r, ok, err := tx.Get(recordKind, id)
	if err == nil && !ok {
		err = &bailiwick.Error{Code: bailiwick.NotFound, Op: "saga: find " + id, Err: errNoSaga, Do: "list the sagas of this database"}
	}
	return r, err
}

func status(r store.Record) (Status, error) {
	var doc document
	if err := json.Unmarshal(r.Data, &doc); err != nil {
		return Status{}, &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: read " + r.Key, Err: err}
	}
	s := Status{ID: r.Key, Name: doc.Name, Key: doc.Key, State: r.State, Step: doc.Step, Op: doc.Op,
		Reason: doc.Parked, Started: time.UnixMicro(doc.Started).UTC(), Ended: ended(doc.Ended), Data: doc.State}
	for _, e := range doc.Log {
		s.Log = append(s.Log, Entry{Step: e.Step, Op: e.Op, Outcome: e.Outcome, Reason: e.Reason, Attempts: e.Attempts,
			Begun: time.UnixMicro(e.Begun).UTC(), Ended: ended(e.Ended)})
	}
	if s.Reason == "" && doc.Why != nil {
		s.Reason = doc.Why.Error()
	}
	if !r.Due.IsZero() {
		due := r.Due
		s.Due = &due
	}
	return s, nil
}

// ended returns a stored time; nil where it is not set.
func ended(micros int64) *time.Time {
	if micros == 0 {
		return nil
	}
	t := time.UnixMicro(micros).UTC()
	return &t
}
