package sqlite

import (
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
)

// A taken key waits for its answer, so that both are written by one statement:
// most claims are answered in the transaction that makes them.
type taken struct {
	scope, key string
	hash       []byte
	time       time.Time
}

// Claim takes a key, or returns what took it before. There is one writer, so
// nobody comes between looking and writing.
func (t *tx) Claim(scope, key string, hash []byte) (c driver.Claim, fresh bool, err error) {
	const op = "sqlite: claim"
	if t.writer == nil {
		return c, false, readOnly(op)
	}
	if err := t.alive(); err != nil {
		return c, false, err
	}
	if t.db.noInbox {
		return c, false, guest.Without(op, "sqlite", guest.Inbox)
	}
	if i := t.waiting(scope, key); i >= 0 {
		return driver.Claim{Hash: t.taken[i].hash, Time: t.taken[i].time}, false, nil
	}
	var micros int64
	err = t.queryRow("SELECT hash, reply, time FROM bailiwick_claims WHERE scope = ? AND key = ?", scope, key).Scan(&c.Hash, &c.Reply, &micros)
	if err == nil {
		c.Time = time.UnixMicro(micros).UTC()
		return c, false, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return c, false, failure(op, err)
	}
	now := t.db.now().UTC().Truncate(time.Microsecond)
	t.taken = append(t.taken, taken{scope, key, hash, now})
	return driver.Claim{Hash: hash, Time: now}, true, nil
}

// waiting returns the place of a key among those that wait for their answers, or
// -1.
func (t *tx) waiting(scope, key string) int {
	return slices.IndexFunc(t.taken, func(w taken) bool { return w.key == key && w.scope == scope })
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
	if i := t.waiting(scope, key); i >= 0 {
		err := t.insertClaim(t.taken[i], reply)
		t.taken = slices.Delete(t.taken, i, i+1)
		return failure(op, err)
	}
	ok, err := t.changed("UPDATE bailiwick_claims SET reply = ? WHERE scope = ? AND key = ?", reply, scope, key)
	if err == nil && !ok {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: op, Err: errUnclaimed, Do: "claim the key first"}
	}
	return failure(op, err)
}

// claim writes the keys that nobody answered.
func (t *tx) claim() error {
	for _, w := range t.taken {
		if err := t.insertClaim(w, nil); err != nil {
			return failure("sqlite: claim", err)
		}
	}
	return nil
}

func (t *tx) insertClaim(w taken, reply []byte) error {
	var value any // NULL until answered
	if reply != nil {
		value = reply
	}
	_, err := t.exec("INSERT INTO bailiwick_claims (scope, key, hash, reply, time) VALUES (?, ?, ?, ?, ?)", w.scope, w.key, w.hash, value, w.time.UnixMicro())
	return err
}
