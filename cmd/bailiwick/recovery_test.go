//go:build unix

package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/catalog/catalogapi"
	"github.com/bailiwick/bailiwick/examples/shop/inventory/inventoryapi"
	"github.com/bailiwick/bailiwick/examples/shop/order/orderapi"
	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/service/front"
	"github.com/bailiwick/bailiwick/service/supervise"
)

// What is promised after a SIGKILL, from the moment at which the process is started
// again; where another instance goes on, from the kill.
const (
	servesWithin = 2 * time.Second
	movesWithin  = 5 * time.Second
)

// A service that is killed while a saga is under way serves again at once, and the
// saga moves on: nothing waits for what the dead process held to run out.
func TestKilledServiceGoesOnSoon(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		if os.Getenv(pgtest.Variable) != "full" {
			t.Skip("it takes seconds: it runs where " + pgtest.Variable + "=full")
		}
		dir := t.TempDir()
		recoveries(t, newMortals(t, 1, func(name string) string { return "sqlite:" + filepath.Join(dir, name+".db") }))
	})
	t.Run("postgres", func(t *testing.T) {
		recoveries(t, newMortals(t, 1, func(string) string { return server.Database(t) }))
	})
}

// Where another instance is there, the killed one need not come back.
func TestTwinOfAKilledServiceGoesOnSoon(t *testing.T) {
	f := newMortals(t, 2, func(string) string { return server.Database(t) })
	f.pause = time.Hour
	recoveries(t, f)
}

// recoveries kills the orchestrator and a participant of its sagas.
func recoveries(t *testing.T, f *mortals) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	defer f.run(ctx)()
	f.furnish(ctx)
	for _, victim := range []string{"order", "payment"} {
		id := f.inFlight(ctx)
		i := random.IntN(f.instances)
		killed := f.kill(victim, i)
		f.each("payment", syscall.SIGCONT)
		begun, serves := killed, time.Duration(0)
		if f.instances == 1 {
			begun = f.restarted(ctx, victim, i, killed)
			serves = time.Since(begun)
		}
		f.settled(ctx, id)
		moves := time.Since(begun)
		t.Logf("%s: it serves after %v, its saga has moved on after %v", victim, serves.Round(time.Millisecond), moves.Round(time.Millisecond))
		if serves > servesWithin || moves > movesWithin {
			t.Errorf("%s: it serves after %v, promised are %v, and its saga has moved on after %v, promised are %v\n%s",
				victim, serves, servesWithin, moves, movesWithin, f.tail())
		}
	}
}

// mortals are the services of a shop, each in processes that may be killed.
type mortals struct {
	t         *testing.T
	instances int
	pause     time.Duration     // before one that was killed is started again; 0 means the usual
	urls      map[string]string // of databases
	front     *front.Front
	inside    *httptest.Server
	clients   *shop.Clients
	product   string

	mu    sync.Mutex
	at    map[string][]announced
	begun map[string][]time.Time // when the present process of each was started
	said  []string
}

func newMortals(t *testing.T, instances int, url func(name string) string) *mortals {
	f := &mortals{t: t, instances: instances, urls: map[string]string{}, at: map[string][]announced{}, begun: map[string][]time.Time{},
		front: front.New(front.Options{Logger: slog.New(slog.DiscardHandler)}, shop.Names()...)}
	for _, name := range shop.Names() {
		f.urls[name] = url(name)
		f.at[name], f.begun[name] = make([]announced, instances), make([]time.Time, instances)
	}
	f.inside = httptest.NewServer(f.front.Inside())
	t.Cleanup(func() { f.inside.CloseClientConnections(); f.inside.Close(); f.front.Close() })
	f.clients = shop.InProcess(f.front.Handler())
	return f
}

// run starts all processes and returns once they are ready.
func (f *mortals) run(ctx context.Context) (stop func()) {
	f.t.Helper()
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- supervise.Run(running, supervise.Options{Logger: slog.New(slog.DiscardHandler), First: f.pause}, f.children()...)
	}()
	for _, name := range shop.Names() {
		for i := range f.instances {
			f.restarted(ctx, name, i, time.Time{})
		}
	}
	return func() {
		f.each("payment", syscall.SIGCONT)
		cancel()
		if err := <-ended; err != nil {
			f.t.Error(err)
		}
	}
}

func (f *mortals) children() (list []supervise.Child) {
	for _, name := range shop.Names() {
		for i := range f.instances {
			list = append(list, supervise.Child{
				Name: fmt.Sprint(name, "/", i),
				Command: func() *exec.Cmd {
					cmd := exec.Command(binary, "run", name, "--db", f.urls[name], "--connections", "6", "--addr", "127.0.0.1:0",
						"--peers", f.inside.URL, "--drain", "1s", "--lifeline", "--json")
					cmd.Stderr = f
					f.mu.Lock()
					defer f.mu.Unlock()
					f.begun[name][i] = time.Now()
					return cmd
				},
				Announced: func(line string) {
					var a announced
					if err := json.Unmarshal([]byte(line), &a); err != nil {
						f.t.Errorf("%s: %v in %q", name, err, line)
					}
					f.set(name, i, a)
				},
				Away: func() { f.set(name, i, announced{}) },
			})
		}
	}
	return list
}

func (f *mortals) set(name string, i int, a announced) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at[name][i] = a
	var bases []string
	for _, one := range f.at[name] {
		if one.URL != "" {
			bases = append(bases, one.URL)
		}
	}
	if err := f.front.Set(name, bases...); err != nil {
		f.t.Error(err)
	}
}

// Write hears what the processes log.
func (f *mortals) Write(text []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, string(text))
	return len(text), nil
}

func (f *mortals) tail() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.said[max(0, len(f.said)-60):], "")
}

// furnish puts something on the shelves and returns once one was sold.
func (f *mortals) furnish(ctx context.Context) {
	f.t.Helper()
	goods := catalogapi.Product{Code: "22423", Description: "Cakestand", Kind: catalogapi.Goods, Price: 12750, Currency: "GBP"}
	f.product = goods.Code
	if _, err := f.clients.Catalog.Import(ctx, "furnish", catalogapi.Import{Products: []catalogapi.Product{goods}}); err != nil {
		f.t.Fatal(err)
	}
	f.eventually(ctx, "the goods to be known where they are stored", func() bool {
		_, err := f.clients.Inventory.Receive(ctx, "furnish", inventoryapi.Receipt{Reference: "furnish", Lines: []inventoryapi.Line{{Code: goods.Code, Quantity: 1000}}})
		return err == nil
	})
	var id string
	f.eventually(ctx, "the goods to be known where they are sold", func() (ok bool) {
		id, ok = f.order(ctx)
		return ok
	})
	f.settled(ctx, id)
}

// order places an order.
func (f *mortals) order(ctx context.Context) (id string, ok bool) {
	order, err := f.clients.Order.PlaceOrder(ctx, "", 0, orderapi.PlaceOrder{Reference: "r", Country: "France", Currency: "GBP",
		Lines: []orderapi.Line{{Code: f.product, Quantity: 1, UnitPrice: 12750}}})
	return order.ID, err == nil
}

// inFlight places an order whose payment is asked for and not answered: who would
// answer stands still.
func (f *mortals) inFlight(ctx context.Context) (id string) {
	f.t.Helper()
	f.each("payment", syscall.SIGSTOP)
	id, ok := f.order(ctx)
	if !ok {
		f.t.Fatal("the order was not taken")
	}
	f.eventually(ctx, "the payment to be asked for", func() bool {
		s, err := f.clients.Order.Saga(ctx, id)
		return err == nil && s.Step == "authorise"
	})
	return id
}

// settled returns once an order is.
func (f *mortals) settled(ctx context.Context, id string) {
	f.t.Helper()
	f.eventually(ctx, "the order to be settled", func() bool {
		order, err := f.clients.Order.Order(ctx, id)
		return err == nil && order.Status == orderapi.StatusConfirmed
	})
}

// each sends a signal to all instances of a service.
func (f *mortals) each(name string, signal syscall.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.at[name] {
		if one.PID != 0 {
			_ = syscall.Kill(one.PID, signal) // it may have ended by now
		}
	}
}

// kill kills one instance of a service and returns when that was.
func (f *mortals) kill(name string, i int) time.Time {
	f.t.Helper()
	f.mu.Lock()
	pid := f.at[name][i].PID
	f.mu.Unlock()
	if pid == 0 { // a signal to process 0 is one to all of the test's own
		f.t.Fatalf("%s ended by itself\n%s", name, f.tail())
	}
	now := time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		f.t.Fatalf("kill %s, process %d: %v", name, pid, err)
	}
	return now
}

// restarted waits until an instance that was started after a time takes requests,
// and returns when it was started.
func (f *mortals) restarted(ctx context.Context, name string, i int, after time.Time) (begun time.Time) {
	f.t.Helper()
	f.eventually(ctx, name+" to be ready", func() bool {
		f.mu.Lock()
		at := f.at[name][i]
		begun = f.begun[name][i]
		f.mu.Unlock()
		if at.URL == "" || !begun.After(after) {
			return false
		}
		response, err := http.Get(at.URL + "/" + name + "/healthz/ready")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return begun
}

// eventually waits for what happens in another process, and nobody tells.
func (f *mortals) eventually(ctx context.Context, what string, ok func() bool) {
	f.t.Helper()
	for !ok() {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			f.t.Fatalf("waited in vain for %s\n%s", what, f.tail())
		}
	}
}
