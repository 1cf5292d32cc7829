package upgrade_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/notification/notificationapi"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// The terms of a fixture's trade: so little credit that many orders are refused
// after their goods were reserved.
const (
	frozenStock  = "0.9"
	frozenCredit = "400"
)

// freeze replays a file into a shop and stops it in the middle of everything: with
// orders that wait for a decision, sagas that go forward, that are taken back, that
// have ended and that wait for a person, messages that are set aside with others
// queued behind them, and followers that are behind.
func freeze(t *testing.T, services []*service.Service, file func() (io.ReadCloser, error)) {
	t.Helper()
	disturb(services)
	in := start(t, services, service.Options{DrainTimeout: time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := replay.Run(ctx, replay.Options{Open: file, Clients: in.clients, Stock: frozenStock, Credit: frozenCredit, Parallel: 8})
		ended <- err
	}()
	var state standing
	for limit := time.Now().Add(2 * time.Minute); !state.varied(); time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			t.Fatalf("the replay ended before the shop was in every state (%+v): %v", state, err)
		default:
		}
		if time.Now().After(limit) {
			t.Fatalf("the shop does not come into every state: %+v", state)
		}
		state = stand(t, in)
	}
	cancel()
	<-ended
	in.stop(t)
}

// standing is how a shop stands: what a fixture has to hold of everything.
type standing struct {
	sagas                  map[string]int
	parked, queued, behind int
	pending                int64
}

func (s standing) varied() bool {
	return s.sagas[saga.Running] > 0 && s.sagas[saga.Compensating] > 0 && s.sagas[saga.Parked] > 0 &&
		s.sagas[saga.Completed] > 0 && s.sagas[saga.Compensated] > 0 &&
		s.parked > 0 && s.queued > 0 && s.behind > 0 && s.pending > 0
}

func stand(t testing.TB, in *instance) standing {
	t.Helper()
	s := standing{sagas: map[string]int{}}
	list, err := in.group.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range list {
		for _, f := range service.Log.Followers {
			s.behind += int(f.Lag)
		}
	}
	for _, service := range in.services {
		all, err := saga.List(t.Context(), service.DB, saga.Filter{Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			s.sagas[one.State]++
		}
		keys, err := follow.List(t.Context(), service.DB)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range keys {
			if s.queued += k.Queued; k.State == follow.StateParked {
				s.parked++
			}
		}
	}
	report, err := in.clients.Order.Report(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range report.Documents {
		if d.Status == "PENDING" {
			s.pending += d.Documents
		}
	}
	return s
}

var errStuck = &bailiwick.Error{Code: bailiwick.Unavailable, Op: "warehouse: open the gate", Err: errors.New("it is stuck")}

// disturb makes some of the services' handlers fail. Each handler is called by one
// goroutine.
func disturb(services []*service.Service) {
	handlers := func(name, typ string) (follow.Handlers, follow.Handler) {
		for _, s := range services {
			if s.Name == name {
				return s.Follows["order"], s.Follows["order"][typ]
			}
		}
		panic("there is no service " + name)
	}
	// The fourth consignment cannot be read, and its customer's later ones wait for it.
	h, schedule := handlers("delivery", deliveryapi.Schedule)
	seen, unreadable := map[bailiwick.ID]bool{}, bailiwick.ID{}
	h[deliveryapi.Schedule] = func(tx *store.Tx, m *bailiwick.Message) error {
		if seen[m.ID] = true; len(seen) == 4 && unreadable.IsZero() {
			unreadable = m.ID
		}
		if m.ID == unreadable {
			return &bailiwick.Error{Code: bailiwick.Poison, Op: "delivery: read the consignment", Err: errors.New("the label is torn")}
		}
		return schedule(tx, m)
	}
	// The fifth notice is refused, by somebody who does not remember that; its saga
	// is decided, and waits for a person.
	h, send := handlers("notification", notificationapi.Send)
	told, refused := map[bailiwick.ID]bool{}, bailiwick.ID{}
	h[notificationapi.Send] = func(tx *store.Tx, m *bailiwick.Message) error {
		if told[m.ID] = true; len(told) == 5 && refused.IsZero() {
			refused = m.ID
		}
		if m.ID == refused {
			return refuse(tx, m)
		}
		return send(tx, m)
	}
	// After the fourth, nothing that was reserved is given back, and whatever comes
	// after that waits.
	h, release := handlers("inventory", inventoryapi.Release)
	released := map[bailiwick.ID]bool{}
	h[inventoryapi.Release] = func(tx *store.Tx, m *bailiwick.Message) error {
		if released[m.ID] = true; len(released) > 4 {
			return errStuck
		}
		return release(tx, m)
	}
}

// refuse answers a command with a refusal, as docs/formats/saga.md says, without a
// barrier.
func refuse(tx *store.Tx, m *bailiwick.Message) error {
	var command map[string]any
	if err := json.Unmarshal(m.Data, &command); err != nil {
		return err
	}
	reply := map[string]any{"outcome": "rejected", "reason": "out-of-paper"}
	for _, field := range []string{"saga", "id", "step", "op"} {
		reply[field] = command[field]
	}
	data, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	return tx.Publish(bailiwick.Message{Type: command["reply_to"].(string), Key: m.Key, Version: 1, Data: data})
}
