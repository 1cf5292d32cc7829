package verdict

import (
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// A request is what was asked for under one Idempotency-Key, however often. Its effect
// is that of one operation: what it is asked for again changes nothing and is answered
// from what was stored.
type request struct {
	history.Op
	// again are the operations that asked, the first one among them.
	again []history.Op
}

// requests returns what was asked for, in the order of the first calls. An operation
// without a key is a request of its own.
//
// A request took effect, or was refused, between its first call and the first answer
// that was definite. Without such an answer it may do so at any time.
func requests(ops []history.Op) []*request {
	var all []*request
	known := map[string]*request{}
	for _, op := range ops {
		r := known[op.ID]
		if op.ID == "" || r == nil {
			r = &request{Op: op}
			all = append(all, r)
			if op.ID != "" {
				known[op.ID] = r
			}
		}
		r.again = append(r.again, op)
		r.Call = min(r.Call, op.Call)
		if op.Return < r.Return { // never, of those that are not definite
			r.Outcome, r.Value, r.Return, r.Reason = op.Outcome, op.Value, op.Return, op.Reason
		}
	}
	return all
}

// asks reports whether an operation asks for the same thing.
func (r *request) asks(op history.Op) bool {
	return r.Kind == op.Kind && r.From == op.From && r.To == op.To && r.Amount == op.Amount
}
