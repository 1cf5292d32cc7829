package clients_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/clients"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs the four services in this process until the test ends, and opens the
// accounts.
func serve(t *testing.T) *bank.Client {
	dir := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	at, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- bank.Serve(ctx, bank.Options{
			Open: func(ctx context.Context, owner string, migrations []store.Migration, opts store.Options) (*store.DB, error) {
				return sqlite.Open(ctx, filepath.Join(dir, owner+".db"), sqlite.Options{Owner: owner, Migrations: migrations, Store: opts})
			},
			Listening: func(url string) error { at <- url; return nil },
			Logger:    slog.New(slog.DiscardHandler),
		})
		close(at)
	}()
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the bank failed: %v", err)
		}
		transport.CloseIdleConnections()
	})
	url := <-at
	c := &bank.Client{At: func(string) string { return url }, HTTP: &http.Client{Transport: transport}, Wait: 5 * time.Second}
	for c.Open(t.Context(), clients.Start()) != nil && t.Context().Err() == nil {
		settle.Pause(t.Context())
	}
	return c
}

// begin makes clients, and says where their history is.
func begin(t *testing.T, o clients.Options) (_ *clients.Clients, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "history")
	recorder, err := history.Create(path, bailiwick.SystemClock{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { recorder.Close() })
	o.Recorder = recorder
	all, err := clients.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return all, path
}

// recorded reads the history back.
func recorded(t *testing.T, path string) []history.Op {
	t.Helper()
	ops, err := history.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return ops
}

// missing returns what has not happened yet of all that clients bring about.
func missing(ops []history.Op) (never []string) {
	seen := map[string]bool{}
	for _, op := range ops {
		seen[fmt.Sprint(op.Kind, " ", op.Outcome)] = true
		seen["poison"] = seen["poison"] || op.To == bank.Odd && op.Amount == bank.Poison && op.Outcome == history.OK
	}
	for _, want := range []string{"transfer ok", "transfer fail", "transfer info", "move ok", "move fail", "move info", "read ok", "poison"} {
		if !seen[want] {
			never = append(never, want)
		}
	}
	return never
}

// What twelve impatient clients do to the bank breaks no invariant, and leaves none of
// them without work.
func TestABankWithoutFaults(t *testing.T) {
	c := serve(t)
	all, path := begin(t, clients.Options{Bank: c, Seed: 7, Pause: 4 * time.Millisecond})
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	defer stop()
	work, enough := context.WithCancel(ctx)
	go func() {
		defer enough()
		for ops, err := history.Open(path); (len(ops) < 400 || len(missing(ops)) > 0) && err == nil && work.Err() == nil; ops, err = history.Open(path) {
			settle.Pause(work)
		}
	}()
	if err := all.Run(work); err != nil {
		t.Fatal(err)
	}
	if never := missing(recorded(t, path)); len(never) > 0 {
		t.Fatalf("there is no %v", never)
	}
	if unknown, err := all.Finish(ctx); unknown > 0 || err != nil {
		t.Fatalf("%d outcomes are unknown: %v", unknown, err)
	}
	for {
		s, err := c.State(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if s.Parked > 0 {
			_, _ = c.Replay(ctx) // what was not replayed is seen in the next state
		}
		v := verdict.Check(clients.Start(), recorded(t, path), s)
		if len(v.Violations()) == 0 {
			if idle := v.Vacuous(); len(idle) > 0 {
				t.Errorf("these met nothing: %v", idle)
			}
			return
		}
		if settle.Pause(ctx); ctx.Err() != nil {
			t.Fatalf("it does not come to rest: %v", v.Violations())
		}
	}
}

// silent is a bank that takes everything and answers nothing in time, until it is
// told to speak; it counts how often each key comes.
type silent struct {
	mu    sync.Mutex
	keys  map[string]int
	speak bool
}

func (s *silent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		s.keys[key]++
	}
	if !s.speak {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "status": bank.Done}) // whoever asked may have gone
}

// What nobody answered is asked for again, under its key, until it is known.
func TestUnknownIsAskedAgain(t *testing.T) {
	s := &silent{keys: map[string]int{}}
	server := httptest.NewServer(s)
	defer server.Close()
	all, path := begin(t, clients.Options{Bank: &bank.Client{At: func(string) string { return server.URL }, HTTP: server.Client()}, Seed: 3, Count: 8, Pause: time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer stop()
		for s.count() < 40 && ctx.Err() == nil {
			settle.Pause(ctx)
		}
	}()
	if err := all.Run(ctx); err != nil {
		t.Fatal(err)
	}
	given, enough := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer enough()
	if unknown, err := all.Finish(given); err != nil || unknown != s.count() {
		t.Errorf("%d of %d outcomes are unknown: %v", unknown, s.count(), err)
	}
	s.mu.Lock()
	s.speak = true
	s.mu.Unlock()
	if unknown, err := all.Finish(t.Context()); unknown != 0 || err != nil {
		t.Errorf("%d outcomes are unknown: %v", unknown, err)
	}
	definite := map[string]bool{}
	ops := recorded(t, path)
	for _, op := range ops {
		if op.ID != "" && op.Outcome == history.OK {
			definite[op.ID] = true
		}
	}
	if len(definite) != s.count() {
		t.Errorf("%d of %d requests are known in the end", len(definite), s.count())
	}
	for _, op := range ops {
		if first := slices.IndexFunc(ops, func(o history.Op) bool { return o.ID == op.ID }); op.ID != "" && !same(ops[first], op) {
			t.Errorf("%+v was asked again as %+v", ops[first], op)
		}
	}
}

func same(a, b history.Op) bool {
	return a.Client == b.Client && a.Kind == b.Kind && a.From == b.From && a.To == b.To && a.Amount == b.Amount
}

// count returns how many keys came.
func (s *silent) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.keys)
}

// A seed decides what each client asks for, as far as it gets the same answers.
func TestSeed(t *testing.T) {
	asked := func(seed uint64) (all []string) {
		s := &silent{keys: map[string]int{}, speak: true}
		server := httptest.NewServer(s)
		defer server.Close()
		one, path := begin(t, clients.Options{Bank: &bank.Client{At: func(string) string { return server.URL }, HTTP: server.Client()}, Seed: seed, Count: 1, Pause: time.Millisecond, Timeout: time.Minute})
		ctx, stop := context.WithCancel(t.Context())
		go func() {
			defer stop()
			for s.count() < 20 && ctx.Err() == nil {
				settle.Pause(ctx)
			}
		}()
		if err := one.Run(ctx); err != nil {
			t.Fatal(err)
		}
		for _, op := range recorded(t, path) {
			if op.Outcome == history.Info {
				break // it was impatient, and what it asks again depends on that
			}
			_, n, _ := strings.Cut(op.ID, "-")
			all = append(all, fmt.Sprint(op.Kind, n, op.From, op.To, op.Amount))
		}
		return all
	}
	first, again, other := asked(5), asked(5), asked(6)
	if n := min(len(first), len(again)); n < 8 || !slices.Equal(first[:n], again[:n]) {
		t.Errorf("one seed: %v, then %v", first, again)
	}
	if n := min(8, len(other)); slices.Equal(first[:n], other[:n]) {
		t.Errorf("two seeds ask for the same: %v", other)
	}
}
