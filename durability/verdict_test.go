package durability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// known is what the world knows when the power goes.
type known struct {
	tried   map[string]transfer
	done    map[string]bool
	refused map[string]bool
	applied int64
}

func newKnown() *known {
	return &known{tried: map[string]transfer{}, done: map[string]bool{}, refused: map[string]bool{}}
}

// hear takes in what was told.
func (k *known) hear(note any) {
	switch n := note.(type) {
	case tried:
		k.tried[n.ID] = n.transfer
	case done:
		k.done[n.id] = true
	case refused:
		k.refused[n.id] = true
	case applied:
		k.applied = max(k.applied, n.seq)
	}
}

// promise is what a power cut may not break.
type promise string

// The promises.
const (
	opens        promise = "the databases open"
	sound        promise = "the files are sound"
	acknowledged promise = "what was acknowledged is there"
	whole        promise = "a transaction is there whole or not at all"
	together     promise = "a position is there with its effects or not at all"
	inStep       promise = "nobody has acted on a message that is lost"
	catchesUp    promise = "the follower ends with every effect once"
)

// broken is a promise that did not hold.
type broken struct {
	promise promise
	how     string
}

// verdict opens the databases in a directory and compares what is in them with what
// the world knows.
func verdict(dir string, k *known) (list []broken) {
	breaks := func(p promise, how string, args ...any) { list = append(list, broken{p, fmt.Sprintf(how, args...)}) }
	m, err := start(dir, sqlite.Off, k.hear)
	if err != nil {
		breaks(opens, "%v", err)
		return list
	}
	defer func() {
		if err := m.close(); err != nil {
			breaks(opens, "close: %v", err)
		}
	}()
	b, err := look(m)
	if err == nil {
		b.forgotten, b.log, err = readLog(m.bank)
	}
	if err != nil {
		breaks(sound, "%v", err)
		return list
	}
	if b.sound != "ok" {
		breaks(sound, "%s", b.sound)
	}

	for id := range k.done {
		if _, ok := b.transfers[id]; !ok {
			breaks(acknowledged, "transfer %s is lost", id)
		}
	}
	if b.position < k.applied {
		breaks(acknowledged, "the ledger said that it is at %d, and is at %d", k.applied, b.position)
	}

	if b.position < b.forgotten {
		breaks(inStep, "the ledger is at %d, the bank has forgotten what was before %d", b.position, b.forgotten+1)
		return list
	}
	if how := b.recall(); how != "" {
		breaks(together, "%s", how)
		return list
	}

	balances := [accounts]int64{}
	for i := range balances {
		balances[i] = deposit
	}
	for id, t := range b.transfers {
		was, ok := k.tried[id]
		if !ok || k.refused[id] || !reflect.DeepEqual(t, was) {
			breaks(whole, "transfer %s is there as %v, tried was %v", id, t, was)
		}
		balances[t.From] -= t.Amount
		balances[t.To] += t.Amount
	}
	if balances != b.balances {
		breaks(whole, "the transfers make the balances %v, there are %v", balances, b.balances)
	}
	if len(b.log) != len(b.transfers) {
		breaks(whole, "%d transfers and %d messages", len(b.transfers), len(b.log))
	}
	for i, msg := range b.log {
		if msg.seq != int64(i+1) {
			breaks(whole, "message %d stands at seq %d", i+1, msg.seq)
		}
		if t, ok := b.transfers[msg.ID]; !ok || !reflect.DeepEqual(t, msg.transfer) {
			breaks(whole, "message %d tells of %v, there is %v", msg.seq, msg.transfer, t)
		}
	}

	if b.position > int64(len(b.log)) {
		breaks(inStep, "the ledger is at %d, the bank's log ends at %d", b.position, len(b.log))
		return list
	}
	if how := compare(b.entries, b.log[:b.position]); how != "" {
		breaks(together, "at %d: %s", b.position, how)
	}
	if len(list) > 0 {
		return list
	}

	m.at = b.position
	if err := m.catchUp(int64(len(b.log))); err != nil {
		breaks(catchesUp, "%v", err)
		return list
	}
	if end, err := look(m); err != nil {
		breaks(catchesUp, "%v", err)
	} else if how := compare(end.entries, b.log); how != "" {
		breaks(catchesUp, "%s", how)
	}
	return list
}

// patience is how long the ledger may take to apply what there is.
const patience = 20 * time.Second

// catchUp lets the ledger follow to a seq.
func (m *machine) catchUp(seq int64) error {
	if err := m.follow(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return m.settle(ctx, seq)
}

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

// recall puts before the log what the bank has forgotten, as the ledger's entries
// tell it.
func (b *content) recall() (how string) {
	if int64(len(b.entries)) < 2*b.forgotten {
		return fmt.Sprintf("%d entries of %d messages that are forgotten", len(b.entries), b.forgotten)
	}
	var log []told
	for i := range b.forgotten {
		log = append(log, told{i + 1, b.transfers[b.entries[2*i].id]})
	}
	b.log = append(log, b.log...)
	return ""
}

// compare says how the entries differ from those that the messages make.
func compare(entries []entry, log []told) string {
	if len(entries) != 2*len(log) {
		return fmt.Sprintf("%d entries of %d messages", len(entries), len(log))
	}
	for i, t := range log {
		if entries[2*i] != (entry{t.seq, t.ID, t.From, -t.Amount}) || entries[2*i+1] != (entry{t.seq, t.ID, t.To, t.Amount}) {
			return fmt.Sprintf("message %v made the entries %v", t, entries[2*i:2*i+2])
		}
	}
	return ""
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
