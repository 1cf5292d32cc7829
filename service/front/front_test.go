package front_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/service/front"
	"github.com/bailiwick/bailiwick/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// behind is a service as a front sees one.
type behind struct {
	*httptest.Server
	asked  atomic.Int64
	status atomic.Pointer[admin.Status]
}

func serve(t *testing.T, name string, handle http.HandlerFunc) *behind {
	t.Helper()
	b := &behind{}
	b.status.Store(&admin.Status{Service: name})
	mux := http.NewServeMux()
	mux.HandleFunc("/"+name+"/healthz/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/"+name+"/status", func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(b.status.Load()) })
	mux.HandleFunc("/"+name+"/", func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		handle(w, r)
	})
	b.Server = httptest.NewServer(mux)
	t.Cleanup(b.Close)
	return b
}

func newFront(t *testing.T, names ...string) *front.Front {
	t.Helper()
	f := front.New(front.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, names...)
	t.Cleanup(f.Close)
	return f
}

func set(t *testing.T, f *front.Front, name string, bases ...string) {
	t.Helper()
	if err := f.Set(name, bases...); err != nil {
		t.Fatal(err)
	}
}

// get asks a handler for a page.
func get(h http.Handler, page string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", page, nil))
	return w.Code, w.Body.String()
}

func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.String()) }

func TestRequestsGoToTheServiceInTheirPath(t *testing.T) {
	f := newFront(t, "order", "payment")
	h := f.Handler()
	if code, body := get(h, "/order/orders/7"); code != http.StatusServiceUnavailable || !strings.Contains(body, `"code":"unavailable"`) {
		t.Errorf("a service that is away: %d %s", code, body)
	}
	if err := f.Ready(t.Context()); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("ready without a service: %v", err)
	}
	set(t, f, "order", serve(t, "order", echo).URL)
	if _, err := f.Status(t.Context()); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("the status of half of them: %v", err)
	}
	set(t, f, "payment", serve(t, "payment", echo).URL)
	if code, body := get(h, "/order/orders/7?a=b"); code != http.StatusOK || body != "/order/orders/7?a=b" {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := get(h, "/casino/x"); code != http.StatusNotFound {
		t.Errorf("a service that does not exist: %d", code)
	}
	if code, _ := get(h, "/healthz/ready"); code != http.StatusOK {
		t.Errorf("ready: %d", code)
	}
	if code, body := get(h, "/status"); code != http.StatusOK || strings.Index(body, `"order"`) > strings.Index(body, `"payment"`) {
		t.Errorf("status: %d %s", code, body)
	}
	for name, base := range map[string]string{"casino": "http://a", "order": "nowhere"} {
		if err := f.Set(name, base); err == nil {
			t.Errorf("set %s to %s", name, base)
		}
	}
}

// What was cut off in the middle may have taken effect, and is told so.
func TestAnAnswerThatIsCutOffIsUnknown(t *testing.T) {
	f := newFront(t, "order")
	set(t, f, "order", serve(t, "order", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }).URL)
	if code, body := get(f.Handler(), "/order/x"); code != http.StatusBadGateway || !strings.Contains(body, `"code":"unknown"`) {
		t.Errorf("%d %s", code, body)
	}
}

// Instances share the requests; one that does not listen is asked last.
func TestInstancesTakeTurns(t *testing.T) {
	one, two := serve(t, "order", echo), serve(t, "order", echo)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	f := newFront(t, "order")
	set(t, f, "order", one.URL, "http://"+gone.Addr().String(), two.URL)
	failed := 0
	for range 20 {
		if code, _ := get(f.Handler(), "/order/x"); code != http.StatusOK {
			failed++
		}
	}
	if failed != 1 || one.asked.Load() < 8 || two.asked.Load() < 8 {
		t.Errorf("%d failed, %d and %d were answered", failed, one.asked.Load(), two.asked.Load())
	}
}

// A drain refuses new requests, waits for those under way and until nothing moves,
// and lets the services read each other's feeds meanwhile.
func TestDrainWaitsForRestAcrossServices(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	order := serve(t, "order", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/order/slow" {
			close(entered)
			<-leave
		}
	})
	f := newFront(t, "order")
	set(t, f, "order", order.URL)
	h := f.Handler()
	slow := make(chan int, 1)
	go func() { code, _ := get(h, "/order/slow"); slow <- code }()
	<-entered
	order.status.Store(&admin.Status{Service: "order", Sagas: map[string]int{saga.Running: 1}})
	drained := make(chan error, 1)
	go func() { drained <- f.Drain(context.Background()) }()
	for { // until it has begun
		if code, _ := get(h, "/order/x"); code == http.StatusServiceUnavailable {
			break
		}
	}
	for _, page := range []string{"/order/feed", "/order/status"} {
		if code, _ := get(h, page); code != http.StatusOK {
			t.Errorf("%s while it drains: %d", page, code)
		}
	}
	if code, _ := get(f.Inside(), "/order/feed"); code != http.StatusOK {
		t.Errorf("a feed inside: %d", code)
	}
	close(leave)
	if code := <-slow; code != http.StatusOK {
		t.Errorf("the request under way: %d", code)
	}
	order.status.Store(&admin.Status{Service: "order", Log: outbox.LogStatus{LogState: store.LogState{Head: 3},
		Followers: []outbox.Follower{{RegisteredFollower: store.RegisteredFollower{Name: "payment", State: store.FollowerRequired}, Lag: 1}}}})
	select {
	case err := <-drained:
		t.Fatalf("it drained with a message under way: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	order.status.Store(&admin.Status{Service: "order", Log: outbox.LogStatus{LogState: store.LogState{Head: 3}}})
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if err := f.Ready(t.Context()); err == nil {
		t.Error("ready after a drain")
	}
}

// A drain that does not come to rest says what is under way.
func TestDrainEndsInTime(t *testing.T) {
	order := serve(t, "order", echo)
	order.status.Store(&admin.Status{Service: "order", Sagas: map[string]int{saga.Compensating: 2}})
	f := newFront(t, "order")
	set(t, f, "order", order.URL)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	err := f.Drain(ctx)
	if bailiwick.CodeOf(err) != bailiwick.Unavailable || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "2 sagas of order") {
		t.Errorf("%v", err)
	}
}
