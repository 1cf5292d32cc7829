package durability

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// told is a message of the bank's log.
type told struct {
	seq int64
	transfer
}

// entry is a row of the ledger.
type entry struct {
	seq     int64
	id      string
	account int
	delta   int64
}

// content is what lies in the databases.
type content struct {
	sound     string
	balances  [accounts]int64
	transfers map[string]transfer
	forgotten int64 // the last message that is not in the log any more
	log       []told
	position  int64
	entries   []entry
}

// look reads all but the log, whose reader has to be registered.
func look(m *machine) (b content, err error) {
	ctx := context.Background()
	b.transfers = map[string]transfer{}
	if b.sound, err = check(m.bank); err == nil && b.sound == "ok" {
		b.sound, err = check(m.ledger)
	}
	if err != nil {
		return b, err
	}
	err = m.bank.Read(ctx, func(tx *store.Tx) error {
		err := each(tx, "SELECT id, balance FROM account", func(scan scan) error {
			var id int
			var balance int64
			err := scan(&id, &balance)
			b.balances[id] = balance
			return err
		})
		return errors.Join(err, each(tx, "SELECT id, debit, credit, amount, memo FROM transfer", func(scan scan) error {
			var t transfer
			err := scan(&t.ID, &t.From, &t.To, &t.Amount, &t.Memo)
			b.transfers[t.ID] = t
			return err
		}))
	})
	if err != nil {
		return b, err
	}
	err = m.ledger.Read(ctx, func(tx *store.Tx) error {
		p, _, err := tx.Position(m.bank.Log().Name(), 0)
		b.position = p.Seq
		return errors.Join(err, each(tx, "SELECT seq, id, account, delta FROM entry ORDER BY rowid", func(scan scan) error {
			var e entry
			err := scan(&e.seq, &e.id, &e.account, &e.delta)
			b.entries = append(b.entries, e)
			return err
		}))
	})
	return b, err
}

// readLog reads the log, and up to which message it is forgotten.
func readLog(db *store.DB) (forgotten int64, list []told, err error) {
	ctx := context.Background()
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "ledger", Types: []string{moved}})
	if err != nil {
		return 0, nil, err
	}
	state, err := db.Log().State(ctx)
	if err != nil {
		return 0, nil, err
	}
	at := bailiwick.Position{Epoch: state.Epoch, Seq: state.Low}
	for {
		batch, err := feed.Read(ctx, at, 500)
		if err != nil || len(batch.Messages) == 0 {
			return state.Low, list, err
		}
		for _, msg := range batch.Messages {
			t, err := parse(msg)
			if err != nil {
				return 0, nil, err
			}
			list = append(list, told{msg.Seq, t})
		}
		at = batch.Through
	}
}

func parse(msg *bailiwick.Message) (t transfer, err error) {
	return t, json.Unmarshal(msg.Data, &t)
}

type scan = func(...any) error

func each(tx *store.Tx, query string, row func(scan) error) error {
	rows, err := tx.SQL().Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// check has SQLite look at every page.
func check(db *store.DB) (answer string, err error) {
	err = db.Read(context.Background(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow("PRAGMA integrity_check(1)").Scan(&answer)
	})
	return answer, err
}
