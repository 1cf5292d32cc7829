package upgrade_test

import (
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/order"
)

// Two processes of the notification service share a database of PostgreSQL. Under
// load one after the other is replaced by the new program, one of them dies, one goes
// back to the old program and on again, then the schema is contracted. No reader sees
// an error but for what was asked of the one that died, and in the end everything
// agrees.
func TestRollingUpgrade(t *testing.T) {
	r := newRollout(t, notification.Name, server.Database(t), 7, 600)
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

// The same of the order service, which takes requests that change something and moves
// the sagas: its instances are replaced by others of the same program, and what a
// client asked of one that drained has been answered. What was asked of the one that
// died is asked again with its Idempotency-Key, and is done once.
func TestOrdersAreTakenWhileInstancesAreReplaced(t *testing.T) {
	r := newRollout(t, order.Name, server.Database(t), 9, 400)
	first, second := r.start(t, ordering), r.start(t, ordering)
	r.load(t)
	r.atWork(t)
	r.retire(t, first)
	first = r.start(t, ordering)
	r.atWork(t)
	r.crash(t, second)
	second = r.start(t, ordering)
	r.atWork(t)
	r.retire(t, first)
	r.finish(t)
	second.stop(t)
}
