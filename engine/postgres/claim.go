package postgres

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
)

// Claim inserts first: of two that come at once the second waits for the first
// to end. One that exists is locked until the transaction ends, so that its reply
// does not change meanwhile.
func (t *tx) Claim(scope, key string, hash []byte) (c driver.Claim, fresh bool, err error) {
	op := "postgres: claim " + scope + "/" + key
	if t.db.noInbox {
		return c, false, guest.Without(op, "postgres", guest.Inbox)
	}
	for {
		err := t.queryRow(`INSERT INTO bailiwick_claims (scope, key, hash, time) VALUES ($1, $2, $3, clock_timestamp())
			ON CONFLICT DO NOTHING RETURNING time`, []any{scope, key, hash}, &c.Time)
		if err == nil {
			c.Hash, c.Time = hash, c.Time.UTC()
			return c, true, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return c, false, failure(op, err)
		}
		err = t.queryRow(`SELECT hash, reply, time FROM bailiwick_claims WHERE scope = $1 AND key = $2 FOR UPDATE`,
			[]any{scope, key}, &c.Hash, &c.Reply, &c.Time)
		if err == nil {
			c.Time = c.Time.UTC()
			return c, false, nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return c, false, failure(op, err)
		}
		// It was deleted between the two statements: take it.
	}
}

// Answer stores the reply of a claim.
func (t *tx) Answer(scope, key string, reply []byte) error {
	op := "postgres: answer " + scope + "/" + key
	if reply == nil {
		reply = []byte{} // NULL means not answered
	}
	n, err := t.exec(`UPDATE bailiwick_claims SET reply = $3 WHERE scope = $1 AND key = $2`, scope, key, reply)
	if err == nil && n == 0 {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: op, Err: fmt.Errorf("no such claim"), Do: "claim the key first"}
	}
	return failure(op, err)
}
