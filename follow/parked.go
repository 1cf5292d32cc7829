package follow

import (
	"context"
	"fmt"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A ParkedKey is a key that a follower has set aside, and why: the state of its
// first message.
type ParkedKey struct {
	Follower string `json:"follower"`
	Key      string `json:"key"`
	// State is [StateRetry] or [StateParked].
	State string `json:"state"`
	// Type and ID are those of the message that failed.
	Type string       `json:"type"`
	ID   bailiwick.ID `json:"id"`
	// Code and Error are what its last attempt failed with.
	Code     bailiwick.Code `json:"code"`
	Error    string         `json:"error"`
	Attempts int            `json:"attempts"`
	// First and Last are when its attempts failed.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Due is when it is tried again; zero if it waits for a person.
	Due time.Time `json:"due,omitzero"`
	// Queued is how many later messages of the key wait behind it.
	Queued int `json:"queued"`
}

// A ParkedMessage is one message of a key that was set aside.
type ParkedMessage struct {
	// Message is the whole message, as it came from the log.
	Message *bailiwick.Message `json:"message"`
	// State is [StateRetry] or [StateParked] for the first message of its key and
	// [StateQueued] for the others, of which the fields below tell nothing.
	State    string         `json:"state"`
	Code     bailiwick.Code `json:"code,omitempty"`
	Error    string         `json:"error,omitempty"`
	Attempts int            `json:"attempts,omitempty"`
	First    time.Time      `json:"first,omitzero"`
	Last     time.Time      `json:"last,omitzero"`
	Due      time.Time      `json:"due,omitzero"`
}

// List returns the keys that the followers in a database have set aside, by
// follower and key.
func List(ctx context.Context, db *store.DB) ([]ParkedKey, error) {
	var list []ParkedKey
	err := db.Read(ctx, func(tx *store.Tx) error {
		list = nil
		names, err := names(tx)
		if err != nil {
			return err
		}
		for _, follower := range names {
			records, err := tx.List(store.Query{Kind: parkedKind(follower), States: headStates})
			if err != nil {
				return err
			}
			for _, r := range records {
				p, err := decode(r)
				if err != nil {
					return err
				}
				list = append(list, ParkedKey{Follower: follower, Key: p.Message.Key, State: r.State,
					Type: p.Message.Type, ID: p.Message.ID, Code: p.Code, Error: p.Error, Attempts: p.Attempts,
					First: p.First, Last: p.Last, Due: r.Due, Queued: p.Queued})
			}
		}
		return nil
	})
	return list, err
}

// names returns the followers in a database. Whoever set a message aside has
// moved its position with it.
func names(tx *store.Tx) ([]string, error) {
	all, err := tx.Positions()
	if err != nil {
		return nil, err
	}
	var list []string
	for _, p := range all {
		if len(list) == 0 || list[len(list)-1] != p.Follower {
			list = append(list, p.Follower)
		}
	}
	return list, nil
}

// Show returns the messages of a key that are set aside, in order. A key that is
// not has the code [bailiwick.NotFound].
func Show(ctx context.Context, db *store.DB, follower, key string) ([]ParkedMessage, error) {
	var list []ParkedMessage
	err := db.Read(ctx, func(tx *store.Tx) error {
		list = nil
		records, err := tx.List(store.Query{Kind: parkedKind(follower), Prefix: keyPrefix(key)})
		if err != nil {
			return err
		}
		for _, r := range records {
			p, err := decode(r)
			if err != nil {
				return err
			}
			list = append(list, ParkedMessage{Message: p.Message, State: r.State, Code: p.Code, Error: p.Error,
				Attempts: p.Attempts, First: p.First, Last: p.Last, Due: r.Due})
		}
		return nil
	})
	if err == nil && len(list) == 0 {
		err = notParked("show", follower, key)
	}
	return list, err
}

// Replay has the first message of a key tried again now, and on success those
// behind it, in order. The running follower does it within about a second, or the
// next that starts. A key that is not set aside has the code [bailiwick.NotFound].
func Replay(ctx context.Context, db *store.DB, follower, key string) error {
	return db.Do(ctx, func(tx *store.Tx) error {
		r, p, ok, err := first(tx, follower, key)
		if err != nil {
			return err
		}
		if !ok {
			return notParked("replay", follower, key)
		}
		return tx.Put(p.record(r.Kind, StateRetry, dueTime(tx.Now()), r.Version))
	})
}

// Discard removes the first message of a key for good, without its effect; those
// behind it go on. id says which message is meant, because the follower may have
// gone on meanwhile: one that is not the first has the code [bailiwick.Conflict],
// a key that is not set aside [bailiwick.NotFound].
func Discard(ctx context.Context, db *store.DB, follower, key string, id bailiwick.ID) error {
	return db.Do(ctx, func(tx *store.Tx) error {
		r, p, ok, err := first(tx, follower, key)
		if err != nil {
			return err
		}
		if !ok {
			return notParked("discard", follower, key)
		}
		if p.Message.ID != id {
			return &bailiwick.Error{Code: bailiwick.Conflict, Op: "follow: discard " + follower + "/" + key,
				Err: fmt.Errorf("the first message is %s, not %s", p.Message.ID, id), Do: "show the key, then decide again"}
		}
		_, err = remove(tx, r, p)
		return err
	})
}

// DiscardAll removes all messages of a key that are set aside, for good and
// without their effects, and returns how many there were.
func DiscardAll(ctx context.Context, db *store.DB, follower, key string) (n int, err error) {
	err = db.Do(ctx, func(tx *store.Tx) error {
		n = 0
		_, _, ok, err := first(tx, follower, key)
		if err != nil {
			return err
		}
		if !ok {
			return notParked("discard", follower, key)
		}
		records, err := tx.List(store.Query{Kind: parkedKind(follower), Prefix: keyPrefix(key)})
		if err != nil {
			return err
		}
		n = len(records)
		for _, r := range records {
			r.State = ""
			if err := tx.Put(r); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}

func notParked(verb, follower, key string) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "follow: " + verb + " " + follower + "/" + key,
		Err: fmt.Errorf("the key is not set aside"), Do: "list the parked keys; it may have gone on by itself"}
}
