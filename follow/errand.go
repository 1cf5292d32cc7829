package follow

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// An Errand is what messages ask for that must not be done inside a transaction:
// a call to another service, say, for which every other writer would wait. It is
// run outside, first; what came of it is committed inside, with the position.
type Errand struct {
	// Types are the message types that it is for. The follower's Handlers have
	// others.
	Types []string
	// Run does the errand for messages that one transaction will apply, in log
	// order, and returns for each of them, in the same order, the handler that
	// commits what came of it; nil where nothing did. An error means that it is
	// run again for all of them after a pause.
	//
	// Nothing durable tells that it was run: whenever the transaction does not
	// commit, the same messages come again. So what it does out there must be
	// harmless when it is repeated, as it is behind a barrier or an idempotency key.
	Run func(ctx context.Context, msgs []*bailiwick.Message) ([]Handler, error)
}

var (
	errNoErrand = errors.New("its key was set free after the errands of its batch were run")
	errUneven   = errors.New("the errand did not return one handler for each message")
)

// unready stands in for the handler that an errand has yet to return. Where it is
// called the message is set aside for a moment and comes again, with its errand.
func unready(*store.Tx, *bailiwick.Message) error { return errNoErrand }

// runErrands runs the errands of a batch and gives its tasks the handlers they
// returned. Messages of keys that are set aside only queue: theirs is not yet.
func (l *lane) runErrands(ctx context.Context, tasks []task) error {
	if l.errand.Run == nil {
		return nil
	}
	var which []int
	var msgs []*bailiwick.Message
	for i, t := range tasks {
		if !l.marked(t.m.Key) && slices.Contains(l.errand.Types, t.m.Type) {
			which, msgs = append(which, i), append(msgs, t.m)
		}
	}
	if len(msgs) == 0 {
		return nil
	}
	handlers, err := l.runErrand(ctx, msgs)
	if err != nil {
		return err
	}
	for n, i := range which {
		tasks[i].handle = handlers[n]
	}
	return nil
}

// runErrand runs an errand until it succeeds.
func (l *lane) runErrand(ctx context.Context, msgs []*bailiwick.Message) (handlers []Handler, err error) {
	err = l.patiently(ctx, "running an errand failed", closed, func() error {
		handlers, err = l.errand.Run(ctx, msgs)
		return err
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err == nil && len(handlers) != len(msgs) {
		err = &bailiwick.Error{Code: bailiwick.Internal, Op: "run an errand",
			Err: fmt.Errorf("%w: %d for %d", errUneven, len(handlers), len(msgs)), Do: "correct Errand.Run"}
	}
	for i, h := range handlers {
		if h == nil {
			handlers[i] = func(*store.Tx, *bailiwick.Message) error { return nil }
		}
	}
	return handlers, err
}

// runFirst runs the errand of the first message of a key that was set aside, if
// that is due and asks for one. It returns which message that was.
func (l *lane) runFirst(ctx context.Context, key string) (id bailiwick.ID, handle Handler, err error) {
	if l.errand.Run == nil {
		return id, nil, nil
	}
	var m *bailiwick.Message
	err = l.patiently(ctx, "reading a parked key failed", lasting, func() error {
		return l.db.Read(ctx, func(tx *store.Tx) error {
			m = nil
			list, err := tx.List(store.Query{Kind: parkedKind(l.name), Prefix: keyPrefix(key), Limit: 1})
			if err != nil || len(list) == 0 || !l.isDue(list[0], tx.Now()) {
				return err
			}
			p, err := decode(list[0])
			m = p.Message
			return err
		})
	})
	if err != nil || m == nil || !slices.Contains(l.errand.Types, m.Type) {
		return id, nil, err
	}
	handlers, err := l.runErrand(ctx, []*bailiwick.Message{m})
	if err != nil {
		return id, nil, err
	}
	return m.ID, handlers[0], nil
}
