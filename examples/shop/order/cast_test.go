package order_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// cast plays the services that orders go through: what each is asked, and how it
// answers.
type cast struct {
	mu      sync.Mutex
	asked   []string                  // command types, in the order of their handling
	data    map[string][]any          // requests by command type
	refuse  map[string]saga.Rejection // by command type
	gates   map[string]chan struct{}  // by command type: held until closed
	broken  map[string]bool           // by command type: fails, as a fault does
	twice   bool                      // every answer is published twice
	follows map[string]follow.Handlers
}

func newCast() *cast {
	c := &cast{data: map[string][]any{}, refuse: map[string]saga.Rejection{}, gates: map[string]chan struct{}{}, broken: map[string]bool{}}
	c.follows = map[string]follow.Handlers{
		"inventory": {
			inventoryapi.Reserve: action[inventoryapi.Order](c), inventoryapi.Release: compensation[inventoryapi.Order](c),
			inventoryapi.Adjust: action[inventoryapi.Order](c), inventoryapi.Restock: action[inventoryapi.Order](c),
			orderapi.OrderConfirmed: c.heard,
		},
		"payment": {
			paymentapi.Authorise: action[paymentapi.Authorisation](c), paymentapi.Void: compensation[paymentapi.Authorisation](c),
			paymentapi.Capture: action[paymentapi.Collection](c), paymentapi.Refund: action[paymentapi.Repayment](c),
		},
		"delivery":     {deliveryapi.Schedule: action[deliveryapi.Consignment](c)},
		"notification": {notificationapi.Send: action[notificationapi.Notification](c), orderapi.OrderRejected: c.heard},
	}
	return c
}

func (c *cast) handlers(name string) follow.Handlers { return c.follows[name] }

// action plays a participant's step.
func action[Req any](c *cast) follow.Handler {
	handle := saga.Action(func(_ *store.Tx, cmd saga.Command, req Req) (struct{}, error) {
		return struct{}{}, c.play(cmd.Message.Type, req)
	})
	return func(tx *store.Tx, m *bailiwick.Message) error {
		c.wait(m.Type)
		if err := handle(tx, m); err != nil || !c.twice {
			return err
		}
		return handle(tx, m)
	}
}

func compensation[Req any](c *cast) follow.Handler {
	return saga.Compensation(func(_ *store.Tx, cmd saga.Command, req Req) error { return c.play(cmd.Message.Type, req) })
}

func (c *cast) heard(_ *store.Tx, m *bailiwick.Message) error { return c.play(m.Type, string(m.Data)) }

func (c *cast) play(typ string, data any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken[typ] {
		return errBroken
	}
	c.asked = append(c.asked, typ)
	c.data[typ] = append(c.data[typ], data)
	if r, ok := c.refuse[typ]; ok {
		return r
	}
	return nil
}

var errBroken = errors.New("the stand-in is broken")

// breaks has a command fail, without an answer, until it is mended.
func (c *cast) breaks(typ string, broken bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken[typ] = broken
}

// wait holds the handling of a command whose gate is shut.
func (c *cast) wait(typ string) {
	c.mu.Lock()
	gate := c.gates[typ]
	c.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

// hold shuts a command's gate.
func (c *cast) hold(typ string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gates[typ] = make(chan struct{})
}

// letGo opens all gates.
func (c *cast) letGo() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for typ, gate := range c.gates {
		close(gate)
		delete(c.gates, typ)
	}
}

// refuses has a command refused for a reason; "" has it done again.
func (c *cast) refuses(typ, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.refuse, typ)
	if reason != "" {
		c.refuse[typ] = saga.Rejection{Reason: reason}
	}
}

// only returns the data of the one command of a type.
func only[T any](t testing.TB, c *cast, typ string) T {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.data[typ]) != 1 {
		t.Fatalf("%s came %d times", typ, len(c.data[typ]))
	}
	return c.data[typ][0].(T)
}

// times returns how often a command or event was taken in.
func (c *cast) times(typ string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.data[typ])
}
