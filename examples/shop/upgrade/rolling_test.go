package upgrade_test

import (
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Two processes of the notification service share a database of PostgreSQL. Under
// load one after the other is replaced by the new program, one of them dies, one goes
// back to the old program and on again, then the schema is contracted. No reader sees
// an error but for what was asked of the one that died, and in the end everything
// agrees.
func TestRollingUpgrade(t *testing.T) {
	r := newRollout(t, server.Database(t), 7, 1500, 30*time.Millisecond)
	first, second := r.start(t, before), r.start(t, before)
	r.load(t)
	r.atWork(t)

	// The new program expands and fills in while the old one is at work; but it does
	// not contract under its feet.
	r.retire(t, second)
	second = r.start(t, after)
	if code := outcome(t, contracting, r.database); code != bailiwick.Locked {
		t.Errorf("contracted beside the old program: %q", code)
	}
	r.atWork(t)

	// What the old one leaves behind when it dies is done all the same.
	r.crash(t, first)
	first = r.start(t, after)
	r.atWork(t)

	// There is a way back, until the contract.
	r.retire(t, second)
	second = r.start(t, before)
	r.atWork(t)
	r.retire(t, second)
	second = r.start(t, after)

	if code := outcome(t, contracting, r.database); code != "" {
		t.Errorf("not contracted: %q", code)
	}
	r.atWork(t)
	if code := outcome(t, before, r.database); code != bailiwick.SchemaNewer {
		t.Errorf("the old program opened the contracted schema: %q", code)
	}
	r.finish(t)
	for _, p := range []*process{first, second} {
		p.stop(t)
	}
}
