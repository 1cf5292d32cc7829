package inbox

import (
	"crypto/sha256"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store"
)

// Once reports whether this transaction is the first to see id in scope, and
// remembers it with the transaction's other effects. It is for messages that come
// by a way that neither orders nor replays, such as a webhook or a queue: what
// comes through a follower is applied once already, and for less.
//
// scope names the sender, so that two senders may use one id.
func Once(tx *store.Tx, scope string, id bailiwick.ID) (first bool, err error) {
	_, first, err = tx.Claim("inbox/"+scope, id.String(), nil)
	return first, err
}

// Deduplicate makes a handler that does nothing for a message it has handled
// before, by [Once].
func Deduplicate(scope string, h follow.Handler) follow.Handler {
	return func(tx *store.Tx, m *bailiwick.Message) error {
		first, err := Once(tx, scope, m.ID)
		if err != nil || !first {
			return err
		}
		return h(tx, m)
	}
}

// Answer gives an idempotent request its one reply. The first time key comes in
// scope, answer is called and its reply stored with its effects; from then on that
// reply is returned and repeated is true. An error of answer stores nothing, so
// the request may come again.
//
// request is what was asked. The same key with another request has the code
// [bailiwick.KeyReused].
func Answer(tx *store.Tx, scope, key string, request []byte, answer func() ([]byte, error)) (reply []byte, repeated bool, err error) {
	hash := sha256.Sum256(request)
	claim, fresh, err := tx.Claim(scope, key, hash[:])
	if err != nil {
		return nil, false, err
	}
	if !fresh && !proof.Off(proof.Barrier) {
		return claim.Reply, true, nil
	}
	if reply, err = answer(); err != nil {
		return nil, false, err
	}
	if proof.Off(proof.Replies) {
		return reply, false, tx.Answer(scope, key, []byte("null"))
	}
	return reply, false, tx.Answer(scope, key, reply)
}
