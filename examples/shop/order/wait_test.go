package order_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/order"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/examples/shop/payment/paymentapi"
)

// answered is a response to a request for an order.
type answered struct {
	status   int
	location string
	body     orderapi.Summary
}

// post places an order of one mug under a key, ready to wait for as long as held if
// patient. The answer comes on the channel.
func (s *shop) post(key string, patient bool) <-chan answered {
	s.t.Helper()
	text, err := json.Marshal(placed("ada", line("MUG", 1, 1000)))
	must(s.t, err)
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://order/orders", bytes.NewReader(text))
	must(s.t, err)
	req.Header.Set("Idempotency-Key", key)
	if patient {
		req.Header.Set("Prefer", "respond-async, wait=37")
	}
	out := make(chan answered, 1)
	sender := s.client.HTTP
	go func() {
		resp, err := sender.Do(req)
		if err != nil {
			s.t.Error(err)
			close(out)
			return
		}
		defer resp.Body.Close()
		a := answered{status: resp.StatusCode, location: resp.Header.Get("Location")}
		if err := json.NewDecoder(resp.Body).Decode(&a.body); err != nil {
			s.t.Error(err)
		}
		out <- a
	}()
	return out
}

func (a answered) is(t *testing.T, status int, document string) {
	t.Helper()
	if a.status != status || a.body.Status != document || a.location != "orders/"+a.body.ID {
		t.Errorf("answered %d at %s with %+v; wanted %d %s", a.status, a.location, a.body, status, document)
	}
}

// await waits for an event; a test that waits in vain fails.
func await[T any](t *testing.T, events <-chan T) T {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func TestARequestWaitsUntilTheOrderIsSettled(t *testing.T) {
	onEach(t, func(t *testing.T, s *shop) {
		s.cast.hold(paymentapi.Authorise)
		first := s.post("k", true)
		await(t, s.clock.asked)
		repeat := s.post("k", true)
		await(t, s.clock.asked)
		impatient := await(t, s.post("k", false))
		impatient.is(t, http.StatusAccepted, orderapi.StatusPending)

		s.cast.letGo()
		for _, answer := range []answered{await(t, first), await(t, repeat)} {
			answer.is(t, http.StatusCreated, orderapi.StatusConfirmed)
			if answer.body.ID != impatient.body.ID {
				t.Errorf("one key made the documents %s and %s", answer.body.ID, impatient.body.ID)
			}
		}
	})
}

func TestARefusalEndsTheWaitAsWell(t *testing.T) {
	s := openShop(t)
	s.cast.refuses(paymentapi.Authorise, paymentapi.CreditLimit)
	got := await(t, s.post("k", true))
	got.is(t, http.StatusCreated, orderapi.StatusRejected)
	if got.body.Reason != paymentapi.CreditLimit {
		t.Errorf("the reason is %q", got.body.Reason)
	}
}

func TestNobodyWaitsForWhatIsSettled(t *testing.T) {
	s := openShop(t)
	await(t, s.post("k", false)).is(t, http.StatusAccepted, orderapi.StatusPending)
	s.settle()
	await(t, s.post("k", true)).is(t, http.StatusCreated, orderapi.StatusConfirmed)
	await(t, s.post("k", false)).is(t, http.StatusCreated, orderapi.StatusConfirmed)
	select {
	case <-s.clock.asked:
		t.Error("a request waited for a settled order")
	default:
	}
}

func TestAWaitEndsWithThePatience(t *testing.T) {
	s := openShop(t)
	s.cast.hold(paymentapi.Authorise)
	got := s.post("k", true)
	await(t, s.clock.asked)
	s.clock.over <- time.Now()
	await(t, got).is(t, http.StatusAccepted, orderapi.StatusPending)
}

func TestARepeatWaitsAfterARestart(t *testing.T) {
	s := openShop(t)
	s.cast.breaks(paymentapi.Authorise, true)
	first := await(t, s.post("k", false))
	first.is(t, http.StatusAccepted, orderapi.StatusPending)
	s.restart()

	repeat := s.post("k", true)
	await(t, s.clock.asked)
	s.cast.breaks(paymentapi.Authorise, false)
	got := await(t, repeat)
	got.is(t, http.StatusCreated, orderapi.StatusConfirmed)
	if got.body.ID != first.body.ID {
		t.Errorf("one key made the documents %s and %s", first.body.ID, got.body.ID)
	}
}

func TestShowingADocumentWaitsToo(t *testing.T) {
	s := openShop(t)
	s.cast.hold(paymentapi.Authorise)
	placed := await(t, s.post("k", false))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://order/"+placed.location, nil)
	must(t, err)
	req.Header.Set("Prefer", "wait=37")
	shown := make(chan orderapi.Document, 1)
	go func() {
		resp, err := s.client.HTTP.Do(req)
		if err != nil {
			t.Error(err)
			close(shown)
			return
		}
		defer resp.Body.Close()
		var d orderapi.Document
		if err := json.NewDecoder(resp.Body).Decode(&d); err != nil {
			t.Error(err)
		}
		shown <- d
	}()
	await(t, s.clock.asked)
	s.cast.letGo()
	if d := await(t, shown); d.Status != orderapi.StatusConfirmed || d.Lines[0].Outcome != orderapi.OutcomeSold {
		t.Errorf("the order is shown as %+v", d)
	}
}

// Where several processes own the database, the one that settles an order need not
// be the one that was asked for it.
func TestAnotherProcessMaySettleTheOrder(t *testing.T) {
	s := openShopAt(t, server.Database(t))
	migrations, err := order.Migrations()
	must(t, err)
	db := s.open("order", migrations)
	defer db.Close()
	idle, err := order.New(db) // takes requests, and never hears of an answer
	must(t, err)
	client := orderapi.Client{Client: calls(idle)}
	got, err := client.PlaceOrder(t.Context(), "", held, placed("ada", line("MUG", 1, 1000)))
	must(t, err)
	if got.Status != orderapi.StatusConfirmed {
		t.Errorf("the order is %s %s", got.Status, got.Reason)
	}
}
