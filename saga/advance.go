package saga

import (
	"encoding/json"
	"fmt"

	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

// forward takes steps from number i on until an answer has to be awaited or the
// saga has ended. At the start a local refusal belongs to whoever starts; later it
// begins compensation.
func (in *instance) forward(tx *store.Tx, i int, starting bool) error {
	for ; i < len(in.plan.steps); i++ {
		s := &in.plan.steps[i]
		if !s.when(in.state) {
			in.note(now(tx), s.name, opDo, outcomeSkipped, "")
			continue
		}
		if s.command != "" {
			return in.command(tx, s, opDo)
		}
		var err error
		if starting {
			err = s.local(tx, in.state) // the whole transaction fails with it
		} else {
			err = tx.Savepoint(func() error { return s.local(tx, in.state) })
		}
		if r, ok := asRejection(err); ok && !starting {
			return in.refuse(tx, i, r)
		}
		if err != nil {
			return err
		}
		in.note(now(tx), s.name, opDo, outcomeDone, "")
	}
	in.end(now(tx), Completed)
	return nil
}

// refuse turns a local step's refusal into compensation, or parks the saga where
// it is too late for that.
func (in *instance) refuse(tx *store.Tx, i int, why Rejection) error {
	s := &in.plan.steps[i]
	decided := in.decided()
	in.note(now(tx), s.name, opDo, outcomeRejected, why.Error())
	if decided {
		in.doc.Step, in.doc.Op = s.name, opDo
		in.park(fmt.Sprintf("step %s was refused after the saga was decided: %s", s.name, why.Error()))
		return nil
	}
	return in.compensate(tx, i-1, why)
}

// compensate takes back steps from number i down, all that were done or may have
// been, until an answer has to be awaited or the saga has ended.
func (in *instance) compensate(tx *store.Tx, i int, why Rejection) error {
	in.status, in.doc.Phase, in.doc.Why, in.doc.Parked = Compensating, Compensating, &why, ""
	proof.At(proof.Compensating)
	return in.back(tx, i)
}

func (in *instance) back(tx *store.Tx, i int) error {
	if proof.Off(proof.Reverse) {
		return in.backForwards(tx)
	}
	for ; i >= 0; i-- {
		if waits, err := in.takeBack(tx, &in.plan.steps[i]); waits || err != nil {
			return err
		}
	}
	in.end(now(tx), Compensated)
	return nil
}

// backForwards is back from the first step up. Only a proof asks for it.
func (in *instance) backForwards(tx *store.Tx) error {
	i := 0
	if in.doc.Op == opUndo {
		i = in.plan.index(in.doc.Step) + 1
	}
	for ; i < len(in.plan.steps); i++ {
		if waits, err := in.takeBack(tx, &in.plan.steps[i]); waits || err != nil {
			return err
		}
	}
	in.end(now(tx), Compensated)
	return nil
}

// takeBack takes one step back, if it was done or may have been. It reports whether
// an answer has to be awaited.
func (in *instance) takeBack(tx *store.Tx, s *step) (waits bool, err error) {
	e := in.entry(s.name, opDo)
	switch {
	case e == nil || e.Outcome == outcomeSkipped || e.Outcome == outcomeRejected:
		return false, nil // durably known to be undone
	case s.undo != "":
		return true, in.command(tx, s, opUndo)
	case s.localUndo != nil:
		if err := s.localUndo(tx, in.state, *in.doc.Why); err != nil {
			return false, err
		}
		in.note(now(tx), s.name, opUndo, outcomeDone, "")
	}
	return false, nil
}

// command sends an operation of a step to its participant, for the first time or
// again.
func (in *instance) command(tx *store.Tx, s *step, op string) error {
	req, err := s.request(tx, in.state)
	if err != nil {
		return err
	}
	data, err := json.Marshal(req)
	if err != nil {
		return in.fault("make the request of step "+s.name+" of", err)
	}
	typ := s.command
	if op == opUndo {
		typ = s.undo
	}
	in.await(now(tx), s, op)
	return send(tx, typ, in.doc.Key, wireCommand{Saga: in.plan.name, ID: in.id, Step: s.name, Op: op,
		ReplyTo: replyType(tx.DB().Owner()), Data: data})
}

// take moves the saga on by the answer to what it awaits. A parked saga takes a
// late answer as well: that is what it waited for.
func (in *instance) take(tx *store.Tx, a answer) error {
	i := in.plan.index(in.doc.Step)
	if i < 0 {
		return in.fault("move", errNoStep)
	}
	s := &in.plan.steps[i]
	why := Rejection{Reason: a.Reason, Detail: a.Detail}
	switch {
	case a.Outcome == outcomeDone && in.doc.Op == opDo:
		if s.reply != nil {
			if err := s.reply(tx, in.state, a.Data); err != nil {
				return err
			}
		}
		in.answered(now(tx), outcomeDone, "")
		in.status, in.doc.Parked = Running, ""
		return in.forward(tx, i+1, false)

	case a.Outcome == outcomeDone:
		in.answered(now(tx), outcomeDone, "")
		in.status, in.doc.Parked = Compensating, ""
		return in.back(tx, i-1)

	case a.Outcome == outcomeRejected && in.doc.Op == opDo && i <= in.plan.pivot:
		in.answered(now(tx), outcomeRejected, why.Error())
		return in.compensate(tx, i-1, why)

	case a.Outcome == outcomeRejected:
		in.answered(now(tx), outcomeRejected, why.Error())
		in.park(fmt.Sprintf("%s of step %s must succeed and was refused: %s", in.doc.Op, s.name, why.Error()))
		return nil

	case a.Outcome == outcomeLate:
		in.answered(now(tx), outcomeLate, "")
		in.park(fmt.Sprintf("step %s was blocked by its own compensation", s.name))
		return nil
	}
	return in.fault("move", fmt.Errorf("the participant of step %s answered %q", s.name, a.Outcome))
}

// giveUp ends waiting for an answer that did not come. Before the saga is decided
// it is taken back, the silent step included, because unknown may mean done; else
// a person has to look.
func (in *instance) giveUp(tx *store.Tx) error {
	i := in.plan.index(in.doc.Step)
	if i < 0 {
		return in.fault("move", errNoStep)
	}
	e := in.entry(in.doc.Step, in.doc.Op)
	silent := fmt.Sprintf("step %s did not answer %d times", in.doc.Step, e.Attempts)
	if in.doc.Phase == Running && !in.decided() {
		in.answered(now(tx), outcomeUnknown, silent)
		return in.compensate(tx, i, Rejection{Reason: "no-answer", Detail: silent})
	}
	in.park(silent)
	return nil
}
