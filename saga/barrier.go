package saga

import (
	"encoding/json"
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

// Command tells a participant what it is asked for, and by whom.
type Command struct {
	// Saga is the name of the saga's definition, ID the saga's own.
	Saga, ID string
	// Step is the step's name.
	Step string
	// Key is the message's key, under which the reply is published as well.
	Key string
	// Message is the message that carried the command.
	Message *bailiwick.Message
}

// Action makes a handler of a participant's business: fn does it in the
// transaction, and its result is the reply. To refuse, fn returns [Reject]; what
// it wrote is undone then, and the refusal is stored and answered. Another error
// means that nobody knows: the follower tries again.
//
// The barrier stands before fn. A repeated command is answered with the stored
// reply and fn is not called; a command whose compensation came first is answered
// as late and fn is not called. The row is inserted before anything else, as in
// DTM's barrier; unlike there, it keeps the reply.
func Action[Req, Rep any](fn func(tx *store.Tx, c Command, req Req) (Rep, error)) follow.Handler {
	return func(tx *store.Tx, m *bailiwick.Message) error {
		c, req, err := readCommand[Req](m, opDo)
		if err != nil {
			return err
		}
		key := c.barrierKey(opDo)
		stored, fresh, err := c.claim(tx, m, key)
		if err != nil {
			return err
		}
		if !fresh {
			return c.repeat(tx, m, stored)
		}
		a := answer{Outcome: outcomeDone}
		err = tx.Savepoint(func() error {
			rep, err := fn(tx, c.public(m), req)
			if err != nil {
				return err
			}
			a.Data, err = json.Marshal(rep)
			return err
		})
		if r, ok := asRejection(err); ok {
			a = answer{Outcome: outcomeRejected, Reason: r.Reason, Detail: r.Detail}
		} else if err != nil {
			return err
		}
		return c.settle(tx, m, key, a)
	}
}

// Compensation makes a handler that takes an action back. It first claims the
// action's own place in the barrier: where that was free, the action never
// happened and never will, and fn is not called. Nor is it where the action was
// refused. fn must succeed in the end; a [Rejection] from it parks the saga for a
// person.
func Compensation[Req any](fn func(tx *store.Tx, c Command, req Req) error) follow.Handler {
	return func(tx *store.Tx, m *bailiwick.Message) error {
		c, req, err := readCommand[Req](m, opUndo)
		if err != nil {
			return err
		}
		key := c.barrierKey(opUndo)
		stored, fresh, err := c.claim(tx, m, key)
		if err != nil {
			return err
		}
		if !fresh {
			return c.repeat(tx, m, stored)
		}
		happened, err := c.block(tx)
		if err != nil {
			return err
		}
		a := answer{Outcome: outcomeDone}
		if happened {
			err := tx.Savepoint(func() error { return fn(tx, c.public(m), req) })
			if r, ok := asRejection(err); ok {
				a = answer{Outcome: outcomeRejected, Reason: r.Reason, Detail: r.Detail}
			} else if err != nil {
				return err
			}
		}
		return c.settle(tx, m, key, a)
	}
}

// claim takes an operation's place in the barrier, or returns what was answered
// when it was taken.
func (c *wireCommand) claim(tx *store.Tx, m *bailiwick.Message, key string) (stored store.Claim, fresh bool, err error) {
	if stored, fresh, err = tx.Claim(barrierScope, key, c.hash()); err != nil {
		return stored, false, reused(m, err)
	}
	return stored, fresh || proof.Off(proof.Barrier), nil
}

// block takes the action's place in the barrier and reports whether the action
// has happened.
func (c *wireCommand) block(tx *store.Tx) (happened bool, err error) {
	key := c.barrierKey(opDo)
	stored, free, err := tx.Claim(barrierScope, key, nil)
	if err != nil {
		return false, err
	}
	if free {
		late, _ := json.Marshal(answer{Outcome: outcomeLate}) // cannot fail: plain fields
		return false, tx.Answer(barrierScope, key, late)
	}
	var a answer
	if err := json.Unmarshal(stored.Reply, &a); err != nil {
		return false, &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: read the stored reply of " + key, Err: err}
	}
	return a.Outcome == outcomeDone, nil
}

// settle stores the answer and publishes it.
func (c *wireCommand) settle(tx *store.Tx, m *bailiwick.Message, key string, a answer) error {
	stored, err := json.Marshal(a)
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: store the reply of " + key, Err: err}
	}
	if proof.Off(proof.Replies) {
		stored = []byte(`{"outcome":"done"}`) // it came: no more is known of it
	}
	if err := tx.Answer(barrierScope, key, stored); err != nil {
		return err
	}
	return c.reply(tx, m.Key, a)
}

// repeat publishes the stored answer once more: the first may have been lost on
// its way, and the orchestrator ignores what it has already taken.
func (c *wireCommand) repeat(tx *store.Tx, m *bailiwick.Message, stored store.Claim) error {
	var a answer
	if err := json.Unmarshal(stored.Reply, &a); err != nil {
		return &bailiwick.Error{Code: bailiwick.Internal, Op: "saga: read the stored reply of " + c.Step, Err: err}
	}
	return c.reply(tx, m.Key, a)
}

func (c *wireCommand) public(m *bailiwick.Message) Command {
	return Command{Saga: c.Saga, ID: c.ID, Step: c.Step, Key: m.Key, Message: m}
}

var (
	errNotCommand = errors.New("the data is no saga command")
	errOp         = errors.New("an action's command came to a compensation, or the reverse")
)

func readCommand[Req any](m *bailiwick.Message, op string) (*wireCommand, Req, error) {
	var c wireCommand
	var req Req
	poison := func(err error) error {
		return &bailiwick.Error{Code: bailiwick.Poison, Op: "saga: read command " + m.Type, Err: err,
			Do: "correct the orchestrator; the saga waits for an answer"}
	}
	if err := follow.CheckVersion("saga: read", m, wireVersion); err != nil {
		return nil, req, err
	}
	if err := json.Unmarshal(m.Data, &c); err != nil {
		return nil, req, poison(err)
	}
	if c.ID == "" || c.Step == "" || c.ReplyTo == "" {
		return nil, req, poison(errNotCommand)
	}
	if c.Op != op {
		return nil, req, poison(errOp)
	}
	if err := json.Unmarshal(c.Data, &req); err != nil {
		return nil, req, poison(err)
	}
	return &c, req, nil
}

// reused turns the claim's complaint about another request under the same key
// into a poison message: repeating it does not make it the same.
func reused(m *bailiwick.Message, err error) error {
	if bailiwick.CodeOf(err) != bailiwick.KeyReused {
		return err
	}
	return &bailiwick.Error{Code: bailiwick.Poison, Op: "saga: repeat " + m.Type, Err: err,
		Do: "a step's Request must make the same data for the same state"}
}
