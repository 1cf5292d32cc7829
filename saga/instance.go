package saga

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// recordKind is the kind of the records that are sagas.
const recordKind = "saga"

// The states of a saga.
const (
	// Running goes forward.
	Running = "running"
	// Compensating takes its steps back.
	Compensating = "compensating"
	// Completed has done all its steps.
	Completed = "completed"
	// Compensated has taken all its steps back.
	Compensated = "compensated"
	// Parked waits for a person; the reason says why.
	Parked = "parked"
)

// entry is one line of a saga's log: one operation of one step. Times are
// microseconds since 1970: a saga is written whole at each step.
type entry struct {
	Step     string `json:"step"`
	Op       string `json:"op"`
	Outcome  string `json:"outcome,omitempty"` // empty while it is awaited
	Reason   string `json:"reason,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Begun    int64  `json:"begun"`
	Ended    int64  `json:"ended,omitempty"`
}

// document is what the record of a saga holds.
type document struct {
	Name  string          `json:"name"`
	Key   string          `json:"key"`
	State json.RawMessage `json:"state"`
	// Phase is Running or Compensating, also while the saga is parked.
	Phase string `json:"phase"`
	// Step and Op are what is awaited; empty once the saga has ended.
	Step    string     `json:"step,omitempty"`
	Op      string     `json:"op,omitempty"`
	Why     *Rejection `json:"why,omitempty"`
	Parked  string     `json:"parked,omitempty"`
	Trace   string     `json:"trace,omitempty"`
	Started int64      `json:"started"`
	Ended   int64      `json:"ended,omitempty"`
	Log     []entry    `json:"log"`
}

// instance is one saga inside a transaction.
type instance struct {
	id      string
	version int64
	status  string // the record's state
	due     time.Time
	doc     document
	state   any // *S
	plan    *plan
}

// load reads a saga; ok is false where there is none.
func (o *Orchestrator) load(tx *store.Tx, id string) (in *instance, ok bool, err error) {
	if o.memory != nil {
		if in := o.memory.take(id); in != nil {
			// The state itself goes through JSON at every step, remembered or not: what
			// does not survive that must not seem to.
			in.state, err = in.plan.decode(in.doc.State)
			return in, err == nil, err
		}
	}
	r, ok, err := tx.Get(recordKind, id)
	if err != nil || !ok {
		return nil, false, err
	}
	in = &instance{id: id, version: r.Version, status: r.State, due: r.Due}
	if err := json.Unmarshal(r.Data, &in.doc); err != nil {
		return nil, false, in.fault("read", err)
	}
	if in.plan = o.plans[in.doc.Name]; in.plan == nil {
		return nil, false, in.fault("read", errNoPlan)
	}
	if in.state, err = in.plan.decode(in.doc.State); err != nil {
		return nil, false, in.fault("read the state of", err)
	}
	return in, true, nil
}

var errNoPlan = errors.New("this program has no definition for it")

// save writes the saga by compare-and-set: whoever else moved it first wins, and
// this transaction runs again or its message comes again.
func (o *Orchestrator) save(tx *store.Tx, in *instance) error {
	state, err := json.Marshal(in.state)
	if err != nil {
		return in.fault("write the state of", err)
	}
	in.doc.State = state
	data, err := json.Marshal(&in.doc)
	if err != nil {
		return in.fault("write", err)
	}
	err = tx.Put(store.Record{Kind: recordKind, Key: in.id, State: in.status, Due: in.due, Version: in.version, Data: data})
	if err == nil && o.memory != nil {
		tx.AfterCommit(func() {
			in.version++
			o.memory.keep(in)
		})
	}
	return err
}

func (in *instance) fault(what string, err error) error {
	return &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: " + what + " " + in.id, Err: err,
		Do: "run a program whose definitions fit the stored sagas"}
}

// entry returns the last log entry of an operation of a step, or nil.
func (in *instance) entry(step, op string) *entry {
	for i := len(in.doc.Log) - 1; i >= 0; i-- {
		if e := &in.doc.Log[i]; e.Step == step && e.Op == op {
			return e
		}
	}
	return nil
}

func (in *instance) note(now time.Time, step, op, outcome, reason string) {
	at := now.UnixMicro()
	in.doc.Log = append(in.doc.Log, entry{Step: step, Op: op, Outcome: outcome, Reason: reason, Begun: at, Ended: at})
}

// await notes that an answer is waited for until a time.
func (in *instance) await(now time.Time, s *step, op string) {
	e := in.entry(s.name, op)
	if e == nil || e.Outcome != "" {
		in.doc.Log = append(in.doc.Log, entry{Step: s.name, Op: op, Begun: now.UnixMicro()})
		e = &in.doc.Log[len(in.doc.Log)-1]
	}
	e.Attempts++
	in.doc.Step, in.doc.Op = s.name, op
	// Whole seconds, up: the steps of a saga that runs smoothly share one due time,
	// which need not be written again.
	in.due = now.Add(s.wait(e.Attempts) + time.Second - 1).Truncate(time.Second)
}

// answered closes the entry of what was awaited.
func (in *instance) answered(now time.Time, outcome, reason string) {
	if e := in.entry(in.doc.Step, in.doc.Op); e != nil {
		e.Outcome, e.Reason, e.Ended = outcome, reason, now.UnixMicro()
	}
}

// decided reports whether the saga may no longer be taken back: its pivot has
// begun and was not refused.
func (in *instance) decided() bool {
	e := in.entry(in.plan.steps[in.plan.pivot].name, opDo)
	return e != nil && e.Outcome != outcomeRejected && e.Outcome != outcomeSkipped
}

// awaits says whether a reply answers what the saga waits for.
func (in *instance) awaits(r wireReply) bool {
	return in.doc.Name == r.Saga && in.doc.Step == r.Step && in.doc.Op == r.Op
}

func (in *instance) park(reason string) {
	in.status, in.doc.Parked, in.due = Parked, reason, time.Time{}
}

func (in *instance) end(now time.Time, status string) {
	in.status, in.due = status, time.Time{}
	in.doc.Step, in.doc.Op, in.doc.Parked, in.doc.Ended = "", "", "", now.UnixMicro()
}
