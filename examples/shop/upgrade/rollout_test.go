package upgrade_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/notification"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/service/settle"
)

// rollout is a service on its way from one program to the other, while a replay runs
// and somebody reads notices all the time.
type rollout struct {
	*neighbours
	database string
	working  []*process
	trade    replay.Options
	pace     *pace
	replayed chan error // receives how the replay ended
	rest     func()     // ends the reading
}

// newRollout prepares the upgrade of a service under a replay of so many invoices.
func newRollout(t testing.TB, service, database string, seed uint64, invoices int) *rollout {
	t.Helper()
	n := newNeighbours(t, service)
	p := newPace(n)
	return &rollout{neighbours: n, database: database, pace: p, replayed: make(chan error, 1), trade: replay.Options{
		Open: trade(t, seed, invoices), Clients: shop.Connect("http://shop", &http.Client{Transport: p}), Parallel: 16}}
}

// load begins the replay and the reading.
func (r *rollout) load(t testing.TB) {
	ctx, stop := context.WithCancel(t.Context())
	var all, reader sync.WaitGroup
	all.Go(func() {
		_, err := replay.Run(ctx, r.trade)
		r.replayed <- err
	})
	reading, rest := context.WithCancel(ctx)
	reader.Go(func() {
		for reading.Err() == nil { // what fails is noted on its way
			_, _ = r.clients.Notification.Notices(reading, web.Page{Limit: 20})
			_, _ = r.clients.Notification.Report(reading)
			settle.Pause(reading)
		}
	})
	r.rest = func() { rest(); reader.Wait() }
	t.Cleanup(func() { stop(); all.Wait(); reader.Wait() })
}

// start starts a process of a program and has it share the work.
func (r *rollout) start(t testing.TB, program string) *process {
	t.Helper()
	p := launch(t, program, r.database, r.inside.URL)
	p.ready(t)
	r.working = append(r.working, p)
	r.direct(t)
	return p
}

// retire takes a process out, and has it drain and end.
func (r *rollout) retire(t testing.TB, p *process) {
	t.Helper()
	r.working = slices.DeleteFunc(r.working, func(one *process) bool { return one == p })
	r.direct(t)
	p.stop(t)
}

// crash kills a process at its work.
func (r *rollout) crash(t testing.TB, p *process) {
	t.Helper()
	r.away.Store(true)
	p.kill(t)
	r.working = slices.DeleteFunc(r.working, func(one *process) bool { return one == p })
	r.direct(t)
}

// direct has requests go to the processes that work.
func (r *rollout) direct(t testing.TB) {
	t.Helper()
	var bases []string
	for _, p := range r.working {
		bases = append(bases, p.url)
	}
	if len(bases) == 0 {
		r.away.Store(true)
	}
	r.set(t, bases...)
	if len(bases) > 0 {
		r.away.Store(false)
	}
}

// atWork returns once every process has applied something since this call, and
// somebody has read.
func (r *rollout) atWork(t testing.TB) {
	t.Helper()
	answered := r.answered.Load()
	for _, p := range r.working {
		had, begun := p.applied(t), time.Now()
		p.until(t, "has its share of the work", func() bool {
			select {
			case err := <-r.replayed:
				r.replayed <- err
				t.Fatalf("the replay ended before the upgrade: %v", err)
			default:
			}
			return p.applied(t) > had && r.answered.Load() > answered
		})
		t.Logf("%s has its share after %v", p.program, time.Since(begun).Round(time.Millisecond))
	}
}

// finish lets the replay run to its end and has everything compared.
func (r *rollout) finish(t testing.TB) {
	t.Helper()
	close(r.pace.done)
	if err := <-r.replayed; err != nil {
		t.Fatal(err)
	}
	r.rest()
	if n := len(r.failures); n > 0 {
		t.Errorf("clients saw %d errors, the first at %s", n, r.failures[0])
	}
	r.settle(t)
	if report := exact(t, r.trade); report.Run.Repeated != report.Run.Documents {
		t.Errorf("%d of %d documents had got lost", report.Run.Documents-report.Run.Repeated, report.Run.Documents)
	}
	each := []*shop.Clients{r.clients}
	for _, p := range r.working {
		if clients := *r.clients; p.service == notification.Name { // by its own statements
			clients.Notification = p.notices()
			each = append(each, &clients)
		}
	}
	for _, clients := range each {
		if addressed(t, clients) == 0 {
			t.Error("no notice is addressed to anybody")
		}
	}
}
