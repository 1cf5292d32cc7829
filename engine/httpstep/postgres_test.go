package httpstep_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/engine/httpstep"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// An instance is one of several processes that share a database.
type instance struct {
	db    *store.DB
	sales *saga.Saga[sale]
	stop  func()
}

func newInstance(t *testing.T, url, participant string) *instance {
	ctx, cancel := context.WithCancel(context.Background())
	db, err := postgres.Open(ctx, url, postgres.Options{Owner: "shop", Store: store.Options{Logger: quiet}})
	if err != nil {
		t.Fatal(err)
	}
	in := &instance{db: db}
	driver := saga.New(db, saga.Options{Logger: quiet})
	in.sales, err = saga.Register(driver, saga.Definition[sale]{Name: "sell", Steps: []saga.Step[sale]{
		{Name: "redeem", Command: "loyalty.redeem", Timeout: time.Second,
			Request: func(_ *store.Tx, s *sale) (any, error) { return map[string]int{"points": s.Points}, nil }},
	}})
	if err != nil {
		t.Fatal(err)
	}
	courier, err := httpstep.New(httpstep.Options{DB: db, Replies: driver.Handlers(), Logger: quiet,
		Steps: map[string]string{"loyalty.redeem": participant}})
	if err != nil {
		t.Fatal(err)
	}
	var parts sync.WaitGroup
	for _, run := range []func(context.Context) error{db.Run, driver.Run, courier.Run} {
		parts.Go(func() {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("a part ended with %v", err)
			}
		})
	}
	var once sync.Once
	in.stop = func() {
		once.Do(func() {
			cancel()
			parts.Wait()
			db.Close()
		})
	}
	t.Cleanup(in.stop)
	return in
}

// Two instances share the work, one of them goes, and a participant that fails now
// and then does each step once.
func TestTwoInstances(t *testing.T) {
	const sales = 40
	url := server.Database(t)
	var mu sync.Mutex
	effects := map[string]int{} // by key: how often it was asked for
	loyalty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		effects[r.Header.Get("Idempotency-Key")]++
		if len(effects)%7 == 3 && effects[r.Header.Get("Idempotency-Key")] == 1 {
			panic(http.ErrAbortHandler) // done, and nobody is told
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]int{"left": 7})
	}))
	defer loyalty.Close()
	first, second := newInstance(t, url, loyalty.URL), newInstance(t, url, loyalty.URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range sales {
		in := second
		if i%2 == 0 && i < sales/2 {
			in = first
		}
		if i == sales/2 {
			first.stop()
		}
		err := in.db.Do(ctx, func(tx *store.Tx) error {
			return in.sales.Start(tx, fmt.Sprintf("sale-%d", i), fmt.Sprintf("key-%d", i%5), &sale{Points: 5})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for {
		list, err := saga.List(ctx, second.db, saga.Filter{States: []string{saga.Completed}})
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == sales {
			break
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("%d of %d sales are completed", len(list), sales)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	repeated := 0
	for _, n := range effects {
		if n > 1 {
			repeated++
		}
	}
	if len(effects) != sales || repeated == 0 {
		t.Errorf("%d steps were asked for, %d of them again; want %d, and some", len(effects), repeated, sales)
	}
}
