package web

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/store"
)

// Idempotency is the header of requests that take effect once however often they
// are sent; operations embed it in their input.
type Idempotency struct {
	Key string `header:"Idempotency-Key" maxLength:"255" doc:"A name for this request. Sent again with the same body it has no further effect and is answered as before; with another body it is refused."`
}

// Key returns the headers of a request with this Idempotency-Key; none for "".
func Key(key string) http.Header {
	if key == "" {
		return nil
	}
	return http.Header{"Idempotency-Key": {key}}
}

// Once runs fn in a transaction of db, and stores its reply under the key in the
// same transaction. A repeat of the request gets the stored reply, with repeated
// true, and fn does not run. The key with another request is the code
// [bailiwick.KeyReused]. If fn fails nothing is stored and the key stays free.
// Without a key fn just runs.
//
// scope keeps the keys of different operations apart. Requests are the same if
// their JSON is. T must survive JSON: the reply of a repeat was written and read.
func Once[T any](ctx context.Context, db *store.DB, scope, key string, request any, fn func(tx *store.Tx) (T, error)) (reply T, repeated bool, err error) {
	if key == "" {
		err = db.Do(ctx, func(tx *store.Tx) error {
			var err error
			reply, err = fn(tx)
			return err
		})
		return reply, false, err
	}
	canonical, err := json.Marshal(request)
	if err != nil {
		return reply, false, &bailiwick.Error{Code: bailiwick.Invalid, Op: "web: read request of " + scope, Err: err}
	}
	err = db.Do(ctx, func(tx *store.Tx) error {
		stored, again, err := inbox.Answer(tx, scope, key, canonical, func() ([]byte, error) {
			var err error
			if reply, err = fn(tx); err != nil {
				return nil, err
			}
			body, err := json.Marshal(reply)
			if err != nil {
				return nil, &bailiwick.Error{Code: bailiwick.Internal, Op: "web: store reply " + scope + "/" + key, Err: err}
			}
			return body, nil
		})
		if repeated = again; err != nil || !again {
			return err
		}
		var known T // an attempt before may have left something in reply
		if err := json.Unmarshal(stored, &known); err != nil {
			return &bailiwick.Error{Code: bailiwick.Internal, Op: "web: read stored reply " + scope + "/" + key, Err: err}
		}
		reply = known
		return nil
	})
	return reply, repeated && err == nil, err
}
