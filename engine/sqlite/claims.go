package sqlite

import (
	"errors"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Claim takes a key, or returns what took it before.
func (t *tx) Claim(scope, key string, hash []byte) (c driver.Claim, fresh bool, err error) {
	const op = "sqlite: claim"
	if t.writer == nil {
		return c, false, readOnly(op)
	}
	now := t.db.now().UTC().Truncate(time.Microsecond)
	fresh, err = t.changed("INSERT INTO bailiwick_claims (scope, key, hash, time) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
		scope, key, hash, now.UnixMicro())
	if err != nil {
		return c, false, failure(op, err)
	}
	if fresh {
		return driver.Claim{Hash: hash, Time: now}, true, nil
	}
	var micros int64
	err = t.queryRow("SELECT hash, reply, time FROM bailiwick_claims WHERE scope = ? AND key = ?", scope, key).Scan(&c.Hash, &c.Reply, &micros)
	c.Time = time.UnixMicro(micros).UTC()
	return c, false, failure(op, err)
}

var errUnclaimed = errors.New("the key is not claimed")

// Answer stores the reply of a claim.
func (t *tx) Answer(scope, key string, reply []byte) error {
	const op = "sqlite: answer"
	if t.writer == nil {
		return readOnly(op)
	}
	if reply == nil {
		reply = []byte{} // answered with nothing is answered
	}
	ok, err := t.changed("UPDATE bailiwick_claims SET reply = ? WHERE scope = ? AND key = ?", reply, scope, key)
	if err == nil && !ok {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: op, Err: errUnclaimed, Do: "claim the key first"}
	}
	return failure(op, err)
}
