package service_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func TestHealth(t *testing.T) {
	o, b := orders(t, nil, nil), billing(t, nothing)
	var trouble error
	b.Ready = func(context.Context) error { return trouble }
	g := group(t, service.Options{}, o, b)
	expect := func(path string, code int) {
		t.Helper()
		if w := call(g, "GET", path); w.Code != code {
			t.Errorf("%s: %d %s, want %d", path, w.Code, w.Body, code)
		}
	}
	expect("/healthz/live", 200)
	expect("/healthz/ready", 503)
	expect("/orders/healthz/ready", 503)
	stop, ended := running(t, g)
	expect("/healthz/ready", 200)
	expect("/billing/healthz/ready", 200)
	trouble = errors.New("the printer is out of paper")
	expect("/billing/healthz/ready", 503)
	expect("/orders/healthz/ready", 200)
	expect("/healthz/ready", 503)
	if w := call(g, "GET", "/healthz/ready"); !strings.Contains(w.Body.String(), trouble.Error()) {
		t.Errorf("not ready, without the reason: %s", w.Body)
	}
	expect("/billing/healthz/live", 200)
	stop()
	if err := await(t, ended); err != nil {
		t.Fatal(err)
	}
	expect("/healthz/ready", 503)
}

func TestHandlerServesEachService(t *testing.T) {
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "metrics of orders") })
	g := group(t, service.Options{Metrics: map[string]http.Handler{"orders": metrics}}, orders(t, nil, nil), billing(t, nothing))
	running(t, g)
	if w := call(g, "GET", "/orders/metrics"); w.Body.String() != "metrics of orders" {
		t.Errorf("metrics: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/billing/metrics", "/billing/anything", "/elsewhere"} {
		if w := call(g, "GET", path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	call(g, "POST", "/orders/orders/1")
	settle(t, g)
	var one service.Status
	if err := json.Unmarshal(call(g, "GET", "/orders/status").Body.Bytes(), &one); err != nil || one.Service != "orders" ||
		one.Log.Head != 1 || len(one.Log.Followers) != 1 || one.Log.Followers[0].Lag != 0 {
		t.Errorf("status of orders: %+v %v", one, err)
	}
	var all []service.Status
	if err := json.Unmarshal(call(g, "GET", "/status").Body.Bytes(), &all); err != nil || len(all) != 2 {
		t.Errorf("status of all: %+v %v", all, err)
	}
}

// One id finds everything that a request caused, in the other service too.
func TestCorrelationReachesOtherServices(t *testing.T) {
	b := billing(t, nothing)
	g := group(t, service.Options{}, orders(t, nil, nil), b)
	running(t, g)
	w := call(g, "POST", "/orders/orders/1", "X-Correlation-ID", "ticket-12")
	if got := w.Header().Get("X-Correlation-ID"); got != "ticket-12" {
		t.Errorf("the answer has correlation id %q", got)
	}
	settle(t, g)
	var correlation string
	err := b.DB.Read(context.Background(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT correlation FROM entry`).Scan(&correlation)
	})
	if err != nil || correlation != "ticket-12" {
		t.Errorf("the effect has correlation id %q: %v", correlation, err)
	}
}

// A service's log is served beside its API, and also while requests are refused: the
// followers in other processes have to come to rest too.
func TestFeedIsServed(t *testing.T) {
	g := group(t, service.Options{Feed: func(log *store.Log) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, log.Name()) })
	}}, orders(t, nil, nil), billing(t, nothing))
	if w := call(g, "GET", "/orders/feed"); w.Code != http.StatusOK || w.Body.String() != "orders/outbox" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := call(g, "POST", "/orders/orders/1"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a request before the start: %d", w.Code)
	}
	without := group(t, service.Options{}, orders(t, nil, nil))
	if w := call(without, "GET", "/orders/feed"); w.Code == http.StatusOK {
		t.Errorf("without Options.Feed: %d %s", w.Code, w.Body)
	}
}
