package follow

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

// The states of a message that was set aside. The first of its key is in one of
// the first two; those behind it are queued. A key is set aside for as long as it
// has such records, so the last one to go clears the mark as well.
const (
	// StateRetry: it is tried again when it is due.
	StateRetry = "retry"
	// StateParked: it is a person's turn.
	StateParked = "parked"
	// StateQueued: it waits for the ones before it.
	StateQueued = "queued"
)

// headStates are those of the first message of a key.
var headStates = []string{StateRetry, StateParked}

// parkedKind is the kind of the records that hold a follower's messages.
func parkedKind(follower string) string { return "follow.parked/" + follower }

// A parked document is the data of such a record: the whole message, because the
// log may forget it, and what happened to it.
type parked struct {
	Message  *bailiwick.Message `json:"message"`
	Code     bailiwick.Code     `json:"code,omitempty"`
	Error    string             `json:"error,omitempty"`
	Attempts int                `json:"attempts,omitempty"`
	First    time.Time          `json:"first,omitzero"`
	Last     time.Time          `json:"last,omitzero"`
	// Queued is how many messages wait behind it; kept at the first one.
	Queued int `json:"queued,omitempty"`
}

func decode(r store.Record) (parked, error) {
	var p parked
	if err := json.Unmarshal(r.Data, &p); err != nil || p.Message == nil {
		return p, &bailiwick.Error{Code: bailiwick.Internal, Op: "read the parked message " + r.Key, Err: err}
	}
	return p, nil
}

// record returns the record that holds p.
func (p parked) record(kind, state string, due time.Time, version int64) store.Record {
	data, _ := json.Marshal(p) // cannot fail: plain fields
	key := keyPrefix(p.Message.Key) + fmt.Sprintf("%010d.%019d", p.Message.Epoch, p.Message.Seq)
	return store.Record{Kind: kind, Key: key, State: state, Due: due, Version: version, Data: data}
}

// keyPrefix begins the record keys of all messages of key, and no other's.
func keyPrefix(key string) string { return url.PathEscape(key) + "/" }

// lockName is what protects the messages of one key that are set aside.
func lockName(follower, key string) string { return "follow/" + follower + "/" + key }

// first locks a key and returns its first record; ok is false if the key is not
// set aside. Whoever changes anything of a key begins here, and counts up the
// version of its first record.
func first(tx *store.Tx, follower, key string) (r store.Record, p parked, ok bool, err error) {
	if err := tx.Lock(lockName(follower, key)); err != nil {
		return r, p, false, err
	}
	list, err := tx.List(store.Query{Kind: parkedKind(follower), Prefix: keyPrefix(key), Limit: 1})
	if err != nil || len(list) == 0 {
		return r, p, false, err
	}
	p, err = decode(list[0])
	return list[0], p, err == nil, err
}

// remove takes away the first message of a key and puts the next one, due now, in
// its place; left is false if there is none.
func remove(tx *store.Tx, r store.Record, p parked) (left bool, err error) {
	gone := r
	gone.State = ""
	if err := tx.Put(gone); err != nil {
		return false, err
	}
	list, err := tx.List(store.Query{Kind: r.Kind, Prefix: keyPrefix(p.Message.Key), After: r.Key, Limit: 1})
	if err != nil || len(list) == 0 {
		return false, err
	}
	next, err := decode(list[0])
	if err != nil {
		return false, err
	}
	next.Queued = p.Queued - 1
	return true, tx.Put(next.record(r.Kind, StateRetry, dueTime(tx.Now()), list[0].Version))
}

// dueTime rounds to what every engine stores.
func dueTime(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// park sets a failed message aside and moves on, in one transaction.
func (l *lane) park(ctx context.Context, m *bailiwick.Message, cause error) error {
	p := parked{Message: m, First: l.clock.Now().UTC()}
	state, due := l.blame(&p, cause)
	err := l.advance(ctx, m.Position(), m.ID, blameless, func(tx *store.Tx) error {
		if err := tx.Lock(lockName(l.name, m.Key)); err != nil {
			return err
		}
		if proof.Off(proof.Queueing) { // what overtakes and fails itself is no second head of its key
			if queued, err := l.queue(tx, m); queued || err != nil {
				return err
			}
		}
		heads, err := tx.List(store.Query{Kind: parkedKind(l.name), States: headStates, Limit: l.maxParked})
		if err != nil {
			return err
		}
		if len(heads) >= l.maxParked {
			return &bailiwick.Error{Code: bailiwick.Parked, Op: "set aside key " + m.Key,
				Err: fmt.Errorf("%d keys are set aside already; %s %s failed with: %w", len(heads), m.Type, m.ID, cause),
				Do:  "correct the handler or what it depends on, then start again; nothing was skipped"}
		}
		return tx.Put(p.record(parkedKind(l.name), state, due, 0))
	})
	if err != nil {
		return err
	}
	l.mark(m.Key, due)
	return nil
}

// queue puts a message behind the earlier ones of its key. It reports false, and
// does nothing, if the key is not set aside any more: an operator may have
// discarded what was, so the mark in memory is only a reason to look.
func (l *lane) queue(tx *store.Tx, m *bailiwick.Message) (bool, error) {
	r, p, ok, err := first(tx, l.name, m.Key)
	if err != nil || !ok {
		return false, err
	}
	p.Queued++
	if err := tx.Put(p.record(r.Kind, r.State, r.Due, r.Version)); err != nil {
		return false, err
	}
	return true, tx.Put(parked{Message: m}.record(r.Kind, StateQueued, time.Time{}, 0))
}

// blame notes a failed attempt in p and says what comes next: another attempt
// at due, or a person.
func (l *lane) blame(p *parked, cause error) (state string, due time.Time) {
	now := l.clock.Now().UTC()
	p.Attempts++
	p.Last = now
	p.Code, p.Error = bailiwick.CodeOf(cause), cause.Error()
	if p.First.IsZero() {
		p.First = now
	}
	state = StateParked
	if !hopeless(cause) && p.Attempts < l.retry.Attempts {
		state = StateRetry
		due = dueTime(now.Add(l.jitter(p.Attempts, l.retry.First, l.retry.Max)))
	}
	next := []any{"type", p.Message.Type, "key", p.Message.Key, "id", p.Message.ID.String(),
		"correlation", p.Message.Correlation, "attempts", p.Attempts, "state", state, "err", bailiwick.Loggable(cause)}
	if !due.IsZero() {
		next = append(next, "due", due)
	}
	l.logger.Warn("a message failed", next...)
	return state, due
}
