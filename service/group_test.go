package service_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func open(t testing.TB, owner string) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), owner+".db"), sqlite.Options{
		Owner: owner, Synchronous: sqlite.Off,
		Migrations: []store.Migration{{Version: 1, Name: "entries", SQL: `CREATE TABLE entry (id TEXT PRIMARY KEY, correlation TEXT NOT NULL);`}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

type placed struct {
	ID string `json:"id"`
}

// orders publishes order.placed on POST /orders/ID; while gate is not nil, a
// request waits for it once it has begun.
func orders(t testing.TB, begun, gate chan struct{}) *service.Service {
	db := open(t, "orders")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		if gate != nil {
			close(begun)
			<-gate
		}
		err := db.Do(r.Context(), func(tx *store.Tx) error {
			return outbox.Publish(tx, "order.placed", 1, r.PathValue("id"), placed{r.PathValue("id")})
		})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusCreated)
	})
	return &service.Service{Name: "orders", DB: db, API: mux}
}

// billing writes an entry for each order that is placed; before is called first.
func billing(t testing.TB, before func() error) *service.Service {
	return &service.Service{Name: "billing", DB: open(t, "billing"), Follows: map[string]follow.Handlers{
		"orders": {"order.placed": inbox.Handle(1, func(tx *store.Tx, m *bailiwick.Message, p placed) error {
			if err := before(); err != nil {
				return err
			}
			_, err := tx.SQL().Exec(`INSERT INTO entry (id, correlation) VALUES (?, ?)`, p.ID, m.Correlation)
			return err
		})},
	}}
}

func nothing() error { return nil }

func entries(t testing.TB, db *store.DB) (n int) {
	t.Helper()
	err := db.Read(context.Background(), func(tx *store.Tx) error {
		return tx.SQL().QueryRow(`SELECT count(*) FROM entry`).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// running starts a group and returns once it is ready, with what stops it.
func running(t testing.TB, g *service.Group) (stop func(), ended chan error) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() { ended <- g.Run(ctx) }()
	t.Cleanup(stop)
	for limit := time.Now().Add(patience); g.Ready(ctx) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the group does not become ready")
		}
	}
	return stop, ended
}

func group(t testing.TB, opts service.Options, services ...*service.Service) *service.Group {
	t.Helper()
	opts.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	g, err := service.NewGroup(opts, services...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func call(g *service.Group, method, path string, headers ...string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	g.Handler().ServeHTTP(w, r)
	return w
}

func await(t testing.TB, ended chan error) error {
	t.Helper()
	select {
	case err := <-ended:
		return err
	case <-time.After(patience):
		t.Fatal("the group does not end")
		return nil
	}
}

func settle(t testing.TB, g *service.Group) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := g.Settle(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestSettleWaitsForEffects(t *testing.T) {
	gate := make(chan struct{})
	b := billing(t, func() error { <-gate; return nil })
	g := group(t, service.Options{}, orders(t, nil, nil), b)
	stop, ended := running(t, g)
	for _, id := range []string{"1", "2", "3"} {
		if w := call(g, "POST", "/orders/orders/"+id); w.Code != http.StatusCreated {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	unsettled(t, g, "billing has yet to apply 3 messages of orders/outbox")
	close(gate)
	settle(t, g)
	if n := entries(t, b.DB); n != 3 {
		t.Fatalf("%d entries, want 3", n)
	}
	stop()
	if err := await(t, ended); err != nil {
		t.Fatal(err)
	}
}

// A message whose handler fails is set aside and its position moves on, but it is
// not at rest before it was tried again.
func TestSettleWaitsForRetries(t *testing.T) {
	repaired := make(chan struct{})
	b := billing(t, func() error {
		select {
		case <-repaired:
			return nil
		default:
			return errors.New("not yet")
		}
	})
	tuned := ""
	g := group(t, service.Options{Tune: func(s *service.Service, f *follow.Follower) {
		tuned, f.Retry = s.Name, follow.Retry{First: time.Millisecond, Max: 5 * time.Millisecond, Attempts: 1 << 20}
	}}, orders(t, nil, nil), b)
	running(t, g)
	call(g, "POST", "/orders/orders/1")
	unsettled(t, g, "billing tries messages of orders/outbox again")
	close(repaired)
	settle(t, g)
	if n := entries(t, b.DB); n != 1 || tuned != "billing" {
		t.Fatalf("%d entries, want 1; tuned %q", n, tuned)
	}
}

// A saga is not at rest while it waits for an answer, although no message is on
// its way.
func TestSettleWaitsForSagas(t *testing.T) {
	o, b := orders(t, nil, nil), billing(t, nothing)
	orchestrator := saga.New(o.DB, saga.Options{})
	checkout, err := saga.Register(orchestrator, saga.Definition[placed]{Name: "checkout", Steps: []saga.Step[placed]{{
		Name: "charge", Command: "nobody.charge", Request: func(_ *store.Tx, p *placed) (any, error) { return p, nil },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	o.Follows = map[string]follow.Handlers{"billing": orchestrator.Handlers()}
	o.Parts = []service.Part{orchestrator}
	g := group(t, service.Options{DrainTimeout: time.Millisecond}, o, b)
	running(t, g)
	ctx := context.Background()
	err = o.DB.Do(ctx, func(tx *store.Tx) error { return checkout.Start(tx, "s1", "k", &placed{"1"}) })
	if err != nil {
		t.Fatal(err)
	}
	unsettled(t, g, "saga s1 of orders is running")
	list, err := g.Status(ctx)
	if err != nil || len(list) != 2 || list[0].Sagas[saga.Running] != 1 || list[0].Log.Head != 1 || list[0].Log.Followers[0].Lag != 0 {
		t.Fatalf("status with a saga on its way: %+v %v", list, err)
	}
}

// unsettled expects that the group comes to the state that why names, and stays in it.
func unsettled(t testing.TB, g *service.Group, why string) {
	t.Helper()
	limit := time.Now().Add(patience)
	for patient := 20 * time.Millisecond; ; patient *= 2 {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		err := g.Settle(ctx)
		cancel()
		if bailiwick.CodeOf(err) == bailiwick.Unavailable && strings.Contains(err.Error(), why) {
			return
		}
		if err == nil || time.Now().After(limit) {
			t.Fatalf("settled: %v, want %s", err, why)
		}
	}
}

// Told to stop, the group refuses new requests, lets those under way end, applies
// the messages that they published, and only then stops.
func TestStopDrains(t *testing.T) {
	begun, gate := make(chan struct{}), make(chan struct{})
	failures := 3 // so that the messages take their time
	b := billing(t, func() error {
		if failures--; failures >= 0 {
			return errors.New("not yet")
		}
		return nil
	})
	g := group(t, service.Options{Tune: func(_ *service.Service, f *follow.Follower) {
		f.Retry = follow.Retry{First: 20 * time.Millisecond, Max: 20 * time.Millisecond}
	}}, orders(t, begun, gate), b)
	stop, ended := running(t, g)
	answer := make(chan int, 1)
	go func() { answer <- call(g, "POST", "/orders/orders/1").Code }()
	<-begun
	stop()
	for limit := time.Now().Add(patience); g.Ready(context.Background()) == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatal("the group stays ready")
		}
	}
	refused := call(g, "POST", "/orders/orders/2")
	if refused.Code != http.StatusServiceUnavailable || refused.Header().Get("Content-Type") != "application/problem+json" || refused.Header().Get("Retry-After") == "" {
		t.Errorf("a request while it drains: %d %v", refused.Code, refused.Header())
	}
	if w := call(g, "GET", "/healthz/live"); w.Code != http.StatusOK {
		t.Errorf("live while it drains: %d", w.Code)
	}
	select {
	case err := <-ended:
		t.Fatalf("stopped while a request was under way: %v", err)
	default:
	}
	close(gate)
	if code := <-answer; code != http.StatusCreated {
		t.Errorf("the request under way: %d", code)
	}
	if err := await(t, ended); err != nil {
		t.Fatal(err)
	}
	if n := entries(t, b.DB); n != 1 {
		t.Fatalf("stopped with %d entries, want 1", n)
	}
}

func TestDrainIsBounded(t *testing.T) {
	b := billing(t, func() error { return errors.New("never") })
	g := group(t, service.Options{DrainTimeout: 20 * time.Millisecond}, orders(t, nil, nil), b)
	stop, ended := running(t, g)
	call(g, "POST", "/orders/orders/1")
	stop()
	if err := await(t, ended); err != nil {
		t.Fatal(err)
	}
}

type part func(ctx context.Context) error

func (p part) Run(ctx context.Context) error { return p(ctx) }

func TestFailingPartEndsAll(t *testing.T) {
	broken := errors.New("broken")
	stopped := make(chan struct{})
	o := orders(t, nil, nil)
	fail := make(chan struct{})
	o.Parts = []service.Part{
		part(func(context.Context) error { <-fail; return broken }),
		part(func(ctx context.Context) error { <-ctx.Done(); close(stopped); return ctx.Err() }),
	}
	g := group(t, service.Options{}, o, billing(t, nothing))
	_, ended := running(t, g)
	close(fail)
	if err := await(t, ended); !errors.Is(err, broken) || errors.Is(err, context.Canceled) {
		t.Fatalf("Run: %v", err)
	}
	select {
	case <-stopped:
	default:
		t.Error("Run returned before the other part")
	}
	if w := call(g, "POST", "/orders/orders/1"); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a request after the end: %d", w.Code)
	}
}

// A group that is told to stop before it has started was not prevented by anything.
func TestStopWhileStarting(t *testing.T) {
	o, b := orders(t, nil, nil), billing(t, nothing)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	g := group(t, service.Options{Sources: func(ctx context.Context, _ *service.Service, _ string, _ []string) (follow.Source, error) {
		stop()
		return o.DB.Log().Feed(ctx, store.Subscriber{Name: "billing"})
	}}, b)
	if err := g.Run(ctx); err != nil {
		t.Errorf("stopped while it started: %v", err)
	}
	if err := group(t, service.Options{}, o, billing(t, nothing)).Run(ctx); err != nil {
		t.Errorf("stopped before it started: %v", err)
	}
	broken := errors.New("broken")
	g = group(t, service.Options{Sources: func(context.Context, *service.Service, string, []string) (follow.Source, error) { return nil, broken }}, b)
	if err := g.Run(context.Background()); !errors.Is(err, broken) {
		t.Errorf("what prevented the start was %v, not %v", broken, err)
	}
}

// When a part starts, the log knows all its followers: nothing that the part
// publishes can be trimmed before they have seen it.
func TestFollowersAreRegisteredFirst(t *testing.T) {
	o := orders(t, nil, nil)
	registered := make(chan []store.RegisteredFollower, 1)
	o.Parts = []service.Part{part(func(ctx context.Context) error {
		list, err := o.DB.Log().Followers(ctx)
		registered <- list
		return err
	})}
	g := group(t, service.Options{}, o, billing(t, nothing))
	running(t, g)
	list := <-registered
	if len(list) != 1 || list[0].Name != "billing" || list[0].State != store.FollowerRequired || len(list[0].Types) != 1 {
		t.Fatalf("followers: %+v", list)
	}
}

func TestNewGroupRefuses(t *testing.T) {
	o, b := orders(t, nil, nil), billing(t, nothing)
	for name, services := range map[string][]*service.Service{
		"no name":      {{DB: o.DB}},
		"no database":  {{Name: "orders"}},
		"wrong owner":  {{Name: "payment", DB: o.DB}},
		"taken name":   {o, o},
		"no such log":  {b},
		"no producers": {o, {Name: "billing", DB: b.DB, Follows: map[string]follow.Handlers{"user": {}}}},
	} {
		if _, err := service.NewGroup(service.Options{}, services...); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOtherSources(t *testing.T) {
	o, b := orders(t, nil, nil), billing(t, nothing)
	elsewhere := group(t, service.Options{}, o)
	running(t, elsewhere)
	g := group(t, service.Options{Sources: func(ctx context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
		if producer != "orders" || len(types) != 1 {
			t.Errorf("asked for %s %v", producer, types)
		}
		return o.DB.Log().Feed(ctx, store.Subscriber{Name: consumer.Name, Types: types})
	}}, b)
	running(t, g)
	call(elsewhere, "POST", "/orders/orders/1")
	settle(t, g)
	if n := entries(t, b.DB); n != 1 {
		t.Fatalf("%d entries, want 1", n)
	}
}
