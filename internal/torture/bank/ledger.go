package bank

import (
	"fmt"
	"net/http"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func newLedger(db *store.DB, clock *Clock) (*service.Service, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /sum", inbox.HandleHTTP(db, sumOfEntries))
	mux.Handle("POST /replay", operating(db, pardons))
	resting(mux, db, clock, ledgerState)
	return &service.Service{Name: Ledger, DB: db, API: mux, Follows: map[string]follow.Handlers{
		Wallet: {walletMoved: inbox.Handle(version, enter)},
	}}, nil
}

// enter writes down what wallet tells of. A message that comes out of its account's
// order is written down as such.
func enter(tx *store.Tx, m *bailiwick.Message, data moved) error {
	if data.poisonous() {
		if err := pardoned(tx, m.ID); err != nil {
			return err
		}
	}
	n, err := exec(tx, "place "+data.Account, `
		INSERT INTO latest (account, epoch, seq) VALUES (?, ?, ?)
		ON CONFLICT (account) DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq
		WHERE latest.epoch < excluded.epoch OR latest.epoch = excluded.epoch AND latest.seq <= excluded.seq`, data.Account, m.Epoch, m.Seq)
	if err != nil {
		return err
	}
	inverted := 1 - n
	_, err = exec(tx, "enter "+m.ID.String(), `INSERT INTO entry (message, transfer, account, delta, kind, inverted) VALUES (?, ?, ?, ?, ?, ?)`,
		m.ID.String(), data.Transfer, data.Account, data.Delta, data.Kind, inverted)
	return err
}

// pardoned returns nil if a poisonous message may be entered all the same.
func pardoned(tx *store.Tx, id bailiwick.ID) error {
	n := 0
	if err := tx.SQL().QueryRow(`SELECT COUNT(*) FROM pardon WHERE message = ?`, id.String()).Scan(&n); err != nil {
		return fmt.Errorf("bank: look for the pardon of %s: %w", id, err)
	}
	if n == 0 {
		return &bailiwick.Error{Code: bailiwick.Poison, Op: "bank: enter " + id.String(), Err: errPoison, Do: "replay the key once the program is corrected"}
	}
	return nil
}

const selectEntry = `SELECT message, transfer, account, delta, kind, inverted <> 0 FROM entry`

func (e *Entry) fields() []any { return append(e.Move.fields(), &e.Inverted) }

func ledgerState(tx *store.Tx, s *State) (err error) {
	s.Entries, err = rows(tx, (*Entry).fields, selectEntry)
	return err
}
