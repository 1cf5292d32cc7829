// Package outbox publishes messages in the transaction of the change they tell
// of: [Publish] in a transaction of a store, an [Outbox] in one of a service that
// has its own *sql.DB, code and migrations.
package outbox

import (
	"encoding/json"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// Publish adds a message to the transaction: of this type and schema version,
// about key, with the JSON of data. It leaves the database after commit, or never.
func Publish(tx *store.Tx, typ string, version int, key string, data any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "outbox: publish " + typ, Err: err}
	}
	return tx.Publish(bailiwick.Message{Type: typ, Version: version, Key: key, Data: body})
}
