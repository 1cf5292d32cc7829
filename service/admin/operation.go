// Package admin is what operators do to a service: look how it is, and retry,
// resolve, replay or discard what waits for a person.
//
// Looking only reads, beside a running service too. An [Operation] changes
// something, so the owner of the database has to do it: send it to the owner's
// admin socket, which serves [Handler]; or, where no owner runs, open the database
// in its place and apply it.
package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// An Action is what an operator can ask for.
type Action string

// The actions.
const (
	// SagaRetry has a parked saga go on from where it was parked.
	SagaRetry Action = "saga.retry"
	// SagaResolve ends a parked saga by a person's word.
	SagaResolve Action = "saga.resolve"
	// ParkedReplay has the first message of a parked key tried again.
	ParkedReplay Action = "parked.replay"
	// ParkedDiscard removes messages of a parked key without their effects.
	ParkedDiscard Action = "parked.discard"
)

// An Operation is one change that an operator asks for.
type Operation struct {
	// Service is the owner of the database that is meant.
	Service string `json:"service"`
	Action  Action `json:"action"`
	// Saga is the id of the saga that an action on sagas means; As and Reason say
	// how and why a person resolves it.
	Saga   string `json:"saga,omitempty"`
	As     string `json:"as,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Follower and Key name the parked key.
	Follower string `json:"follower,omitempty"`
	Key      string `json:"key,omitempty"`
	// Message is the message to discard; zero means all of the key.
	Message bailiwick.ID `json:"message"`
}

// Apply does the operation in the database that it means and returns a sentence
// that tells what was done. The codes are those of packages saga and follow;
// [bailiwick.Invalid] is an action that does not exist.
func (o Operation) Apply(ctx context.Context, db *store.DB) (done string, err error) {
	switch o.Action {
	case SagaRetry:
		return "saga " + o.Saga + " goes on", saga.Retry(ctx, db, o.Saga)
	case SagaResolve:
		return "saga " + o.Saga + " is " + o.As, saga.Resolve(ctx, db, o.Saga, o.As, o.Reason)
	case ParkedReplay:
		return "key " + o.Key + " of " + o.Follower + " is tried again", follow.Replay(ctx, db, o.Follower, o.Key)
	case ParkedDiscard:
		if o.Message.IsZero() {
			n, err := follow.DiscardAll(ctx, db, o.Follower, o.Key)
			return fmt.Sprintf("%d messages of key %s of %s are discarded", n, o.Key, o.Follower), err
		}
		return "message " + o.Message.String() + " is discarded", follow.Discard(ctx, db, o.Follower, o.Key, o.Message)
	}
	return "", &bailiwick.Error{Code: bailiwick.Invalid, Op: "admin: " + string(o.Action), Err: errors.New("there is no such action")}
}
