package upgrade_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/web"
)

// Two processes share seven databases of PostgreSQL. Under load, one after the
// other is replaced by the new program, then the schema is contracted. No client
// sees an error, and in the end everything agrees.
func TestRollingUpgrade(t *testing.T) {
	urls := map[string]string{}
	for _, name := range shop.Names() {
		urls[name] = server.Database(t)
	}
	run := func(p program) *instance {
		t.Helper()
		services, err := p.onServer(t.Context(), urls)
		if err != nil {
			t.Fatal(err)
		}
		return start(t, services, 2*time.Second)
	}
	first, second := run(before), run(before)
	balance := newBalancer(t, 5, 50)
	balance.in(first)
	balance.in(second)
	clients := shop.Connect("http://shop", &http.Client{Transport: balance})

	// The load: a replay, and somebody who reads the notices all the time.
	opts := replay.Options{Open: trade(t, 7, 270), Clients: clients, Parallel: 16}
	ended := make(chan error, 1)
	go func() {
		_, err := replay.Run(t.Context(), opts)
		ended <- err
	}()
	reading, stopReading := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	readers.Go(func() {
		for reading.Err() == nil {
			if _, err := clients.Notification.Notices(reading, web.Page{Limit: 20}); err != nil && reading.Err() == nil {
				t.Errorf("reading notices: %v", err)
			}
			if _, err := clients.Notification.Report(reading); err != nil && reading.Err() == nil {
				t.Errorf("reading the report: %v", err)
			}
		}
	})
	defer readers.Wait()
	defer stopReading()

	stages := []struct {
		name string
		work func()
	}{
		{"old and old", func() {}},
		{"old and new", func() {
			balance.out(second)
			second.stop(t)
			second = run(after) // expands and backfills while the first is at work
			balance.in(second)
			// The schema is not contracted under the feet of the old program.
			if _, err := contracting.onServer(t.Context(), urls); bailiwick.CodeOf(err) != bailiwick.Locked {
				t.Errorf("contracted beside the old program: %v", err)
			}
		}},
		{"new and new", func() {
			balance.out(first)
			first.stop(t)
			first = run(after)
			balance.in(first)
		}},
		{"contracted", func() {
			services, err := contracting.onServer(t.Context(), urls) // beside the two
			if err := errors.Join(err, shop.Close(services)); err != nil {
				t.Error(err)
			}
			if _, err := before.onServer(t.Context(), urls); bailiwick.CodeOf(err) != bailiwick.SchemaNewer {
				t.Errorf("the old program opened the contracted schema: %v", err)
			}
		}},
		{"the rest", func() {}},
	}
	for i, stage := range stages {
		if err := balance.reached(t.Context(), i); err != nil {
			t.Fatalf("%s: %v", stage.name, err)
		}
		served := balance.served.Load()
		stage.work()
		if n := balance.served.Load() - served; n < 10 && i > 0 && i < 4 {
			t.Errorf("%s: there was no load, %d requests", stage.name, n)
		}
		for _, in := range []*instance{first, second} { // each by its own statements
			addressed(t, in.clients)
		}
		balance.done(i)
		if t.Failed() {
			balance.done(len(stages))
			break
		}
	}
	err := <-ended
	stopReading()
	readers.Wait()
	if len(balance.failures) > 0 || err != nil {
		t.Fatalf("%v; what failed: %q", err, balance.failures)
	}
	// A process hears a little later what the other one has applied. Once both say that
	// all is at rest, everything agrees whomever one asks.
	for _, in := range []*instance{first, second} {
		if err := in.group.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r := exact(t, opts); r.Run.Repeated != r.Run.Documents {
		t.Errorf("%d of %d documents had got lost", r.Run.Documents-r.Run.Repeated, r.Run.Documents)
	}
	if addressed(t, clients) == 0 {
		t.Error("no notice is addressed to anybody")
	}
}

// A balancer sends requests to the instances that are in, by turns. Documents come
// in stages: those of the next one are held until the one before is done, so that
// there is load in each.
type balancer struct {
	served, turn atomic.Int64

	mu        sync.Mutex
	changed   *sync.Cond
	failures  []string
	instances []*instance
	busy      map[*instance]int
	documents int
	perStage  int
	stage     int // the one that was done last, and one more
	stages    int
}

func newBalancer(t *testing.T, stages, perStage int) *balancer {
	b := &balancer{busy: map[*instance]int{}, perStage: perStage, stages: stages}
	b.changed = sync.NewCond(&b.mu)
	t.Cleanup(func() { b.done(stages) })
	return b
}

func (b *balancer) in(i *instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.instances = append(b.instances, i)
	b.changed.Broadcast()
}

// out takes an instance out and returns once its requests have been answered.
func (b *balancer) out(gone *instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, in := range b.instances {
		if in == gone {
			b.instances = append(b.instances[:i:i], b.instances[i+1:]...)
		}
	}
	for b.busy[gone] > 0 {
		b.changed.Wait()
	}
}

// reached returns once the first document of a stage was sent.
func (b *balancer) reached(ctx context.Context, stage int) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	defer context.AfterFunc(ctx, b.changed.Broadcast)()
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.documents <= stage*b.perStage {
		if ctx.Err() != nil {
			return fmt.Errorf("after %d documents: %w", b.documents, ctx.Err())
		}
		b.changed.Wait()
	}
	return nil
}

// done lets the documents of the next stage through.
func (b *balancer) done(stage int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stage = max(b.stage, stage+1)
	b.changed.Broadcast()
}

// enter returns who answers a request.
func (b *balancer) enter(document bool) *instance {
	b.mu.Lock()
	defer b.mu.Unlock()
	if document {
		b.documents++
		mine := min((b.documents-1)/b.perStage, b.stages-1)
		b.changed.Broadcast()
		for mine > b.stage {
			b.changed.Wait()
		}
	}
	for len(b.instances) == 0 {
		b.changed.Wait()
	}
	in := b.instances[int(b.turn.Add(1))%len(b.instances)]
	b.busy[in]++
	return in
}

func (b *balancer) leave(in *instance) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy[in]--
	b.changed.Broadcast()
}

func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	in := b.enter(r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/order/"))
	defer b.leave(in)
	answer, err := in.transport.RoundTrip(r)
	b.served.Add(1)
	if r.Context().Err() != nil {
		return answer, err // whoever asked has gone
	}
	if err != nil || answer.StatusCode >= 500 {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.failures = append(b.failures, fmt.Sprint(r.Method, " ", r.URL.Path, " ", answer, " ", err))
	}
	return answer, err
}
