// Package inbox is the consumer's side of messages and requests: typed handlers
// for a follower, and requests that take effect once however often they come.
package inbox

import (
	"encoding/json"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// Handle makes a handler of fn for messages whose data is the JSON of a T, in
// schema versions 1 to version. A newer version, or data that is no T, parks the
// message at once: waiting does not help, a new program does.
//
//	follow.Handlers{"user.registered": inbox.Handle(1, openAccount)}
func Handle[T any](version int, fn func(tx *store.Tx, m *bailiwick.Message, data T) error) follow.Handler {
	return func(tx *store.Tx, m *bailiwick.Message) error {
		const op = "inbox: read"
		if err := follow.CheckVersion(op, m, version); err != nil {
			return err
		}
		var data T
		if err := json.Unmarshal(m.Data, &data); err != nil {
			return &bailiwick.Error{Code: bailiwick.Poison, Op: op + " " + m.Type, Err: err,
				Do: "correct the producer, then discard or replay the parked key"}
		}
		return fn(tx, m, data)
	}
}
