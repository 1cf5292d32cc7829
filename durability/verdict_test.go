package durability

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/bailiwick/bailiwick/engine/sqlite"
)

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

// findings are what a verdict finds.
type findings []broken

func (f *findings) add(p promise, how string, args ...any) {
	*f = append(*f, broken{p, fmt.Sprintf(how, args...)})
}

// verdict opens the databases in a directory and compares what is in them with what
// the world knows.
func verdict(dir string, k *known) (found findings) {
	m, err := start(dir, sqlite.Off, k.hear)
	if err != nil {
		found.add(opens, "%v", err)
		return found
	}
	defer func() {
		if err := m.close(); err != nil {
			found.add(opens, "close: %v", err)
		}
	}()
	c, err := look(m)
	if err == nil {
		c.forgotten, c.log, err = readLog(m.bank)
	}
	if err != nil {
		found.add(sound, "%v", err)
		return found
	}
	if c.sound != "ok" {
		found.add(sound, "%s", c.sound)
	}
	c.isAcknowledged(k, &found)
	if !c.isInStep(&found) {
		return found // the two cannot be compared
	}
	c.recall()
	c.isWhole(k, &found)
	if how := compare(c.entries, c.log[:c.position]); how != "" {
		found.add(together, "at %d: %s", c.position, how)
	}
	if len(found) > 0 {
		return found
	}
	m.at = c.position
	if err := m.catchUp(int64(len(c.log))); err != nil {
		found.add(catchesUp, "%v", err)
	} else if end, err := look(m); err != nil {
		found.add(catchesUp, "%v", err)
	} else if how := compare(end.entries, c.log); how != "" {
		found.add(catchesUp, "%s", how)
	}
	return found
}

// isAcknowledged finds what was acknowledged and is not there.
func (c *content) isAcknowledged(k *known, found *findings) {
	for id := range k.done {
		if _, ok := c.transfers[id]; !ok {
			found.add(acknowledged, "transfer %s is lost", id)
		}
	}
	if c.position < k.applied {
		found.add(acknowledged, "the ledger said that it is at %d, and is at %d", k.applied, c.position)
	}
}

// isInStep finds where one service has acted on what the other does not have; false
// if it has.
func (c *content) isInStep(found *findings) bool {
	head := c.forgotten + int64(len(c.log))
	switch {
	case c.position > head:
		found.add(inStep, "the ledger is at %d, the bank's log ends at %d", c.position, head)
	case c.position < c.forgotten:
		found.add(inStep, "the ledger is at %d, the bank has forgotten what was up to %d", c.position, c.forgotten)
	default:
		return true
	}
	return false
}

// recall puts before the log what the bank has forgotten, as the ledger's entries
// tell it.
func (c *content) recall() {
	log := make([]told, c.forgotten)
	for i := range log {
		log[i].seq = int64(i + 1)
		if 2*i < len(c.entries) {
			log[i].transfer = c.transfers[c.entries[2*i].id]
		}
	}
	c.log = append(log, c.log...)
}

// isWhole finds transactions of the bank that are there by half, or that nobody made.
func (c *content) isWhole(k *known, found *findings) {
	balances := [accounts]int64{}
	for i := range balances {
		balances[i] = deposit
	}
	for id, t := range c.transfers {
		was, ok := k.tried[id]
		if !ok || k.refused[id] || !reflect.DeepEqual(t, was) {
			found.add(whole, "transfer %s is there as %v, tried was %v", id, t, was)
		}
		balances[t.From] -= t.Amount
		balances[t.To] += t.Amount
	}
	if balances != c.balances {
		found.add(whole, "the transfers make the balances %v, there are %v", balances, c.balances)
	}
	if len(c.log) != len(c.transfers) {
		found.add(whole, "%d transfers and %d messages", len(c.transfers), len(c.log))
	}
	for i, msg := range c.log {
		if msg.seq != int64(i+1) {
			found.add(whole, "message %d stands at seq %d", i+1, msg.seq)
		}
		if t, ok := c.transfers[msg.ID]; !ok || !reflect.DeepEqual(t, msg.transfer) {
			found.add(whole, "message %d tells of %v, there is %v", msg.seq, msg.transfer, t)
		}
	}
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
