package bailiwicktest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// A Fault goes wrong in a handler's place, or around it.
type Fault func(next follow.Handler) follow.Handler

// Refuse refuses a saga's step, as the participant's own code would by
// [saga.Reject]: behind its barrier, so that a repeat is refused as well. It is for
// commands.
func Refuse(reason, detail string) Fault {
	no := saga.Rejection{Reason: reason, Detail: detail}
	do := saga.Action(func(*store.Tx, saga.Command, json.RawMessage) (struct{}, error) { return struct{}{}, no })
	undo := saga.Compensation(func(*store.Tx, saga.Command, json.RawMessage) error { return no })
	return func(follow.Handler) follow.Handler {
		return func(tx *store.Tx, m *bailiwick.Message) error {
			var command struct {
				Op string `json:"op"`
			}
			_ = json.Unmarshal(m.Data, &command) // what is no command the action refuses
			if command.Op == "undo" {
				return undo(tx, m)
			}
			return do(tx, m)
		}
	}
}

// ErrFault is what [Fail] fails with.
var ErrFault = errors.New("the test has it fail")

// Fail does what the handler does and fails all the same, the first times; nothing of
// it remains. A follower tries again, later each time, and parks the message in the
// end: let time pass for that.
func Fail(times int) Fault {
	var failed atomic.Int64
	return func(next follow.Handler) follow.Handler {
		return func(tx *store.Tx, m *bailiwick.Message) error {
			if err := next(tx, m); err != nil {
				return err
			}
			if n := failed.Add(1); n <= int64(times) {
				return fmt.Errorf("%w: %d of %d", ErrFault, n, times)
			}
			return nil
		}
	}
}

// A Moment is where in the handling of a message a process dies.
type Moment int

const (
	// BeforeCommit: the handler has done its work, and nothing of it remains.
	BeforeCommit Moment = iota
	// AfterCommit: its effects and the follower's position are there, and nobody has
	// been told.
	AfterCommit
)

// CrashAt crashes the services, as [World.Crash] does, at the next message of a type
// that a service handles. They start again by themselves; Settle waits for that.
func (w *World) CrashAt(service, typ string, when Moment) {
	where := target{service, typ}
	w.broken.Store(where, Fault(func(next follow.Handler) follow.Handler {
		return func(tx *store.Tx, m *bailiwick.Message) error {
			die := func() {
				if _, first := w.broken.LoadAndDelete(where); !first {
					return
				}
				l := w.now // which cannot change while it is in here
				w.deaths.Go(func() { w.crash(l) })
				<-tx.Context().Done()
			}
			if err := next(tx, m); err != nil {
				return err
			}
			if when == AfterCommit {
				tx.AfterCommit(die)
				return nil
			}
			die()
			return tx.Context().Err()
		}
	}))
}

// Break has a fault stand before the handler of a type in a service, until
// [World.Mend] takes it away. A second fault takes the first one's place.
func (w *World) Break(service, typ string, f Fault) { w.broken.Store(target{service, typ}, f) }

// Mend takes a fault away.
func (w *World) Mend(service, typ string) { w.broken.Delete(target{service, typ}) }

// intercept has a service's handlers ask for faults first.
func (w *World) intercept(s *service.Service) {
	follows := make(map[string]follow.Handlers, len(s.Follows))
	for producer, handlers := range s.Follows {
		wrapped := make(follow.Handlers, len(handlers))
		for typ, h := range handlers {
			where := target{s.Name, typ}
			wrapped[typ] = func(tx *store.Tx, m *bailiwick.Message) error {
				if f, ok := w.broken.Load(where); ok {
					return f.(Fault)(h)(tx, m)
				}
				return h(tx, m)
			}
		}
		follows[producer] = wrapped
	}
	s.Follows = follows
}
