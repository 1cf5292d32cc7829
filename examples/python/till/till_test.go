package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// A pair is both services as processes, with a rough network between them.
type pair struct {
	t       *testing.T
	ctx     context.Context
	till    *process
	loyalty *process
	urls    map[string]string
	network *rough
	rand    *rand.Rand
}

func newPair(t *testing.T, seed uint64) *pair {
	interpreter := python(t)
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	t.Cleanup(stop)
	dir := t.TempDir()
	atTill, atLoyalty := freeAddress(t), freeAddress(t)
	p := &pair{t: t, ctx: ctx, rand: rand.New(rand.NewPCG(seed, 1)),
		urls: map[string]string{"till": "http://" + atTill, "loyalty": "http://" + atLoyalty}}
	p.network = &rough{routes: p.urls, rand: rand.New(rand.NewPCG(seed, 2)), count: map[string]int{}}
	wire := httptest.NewServer(p.network)
	t.Cleanup(wire.Close)
	t.Cleanup(wire.CloseClientConnections) // of readers that still wait
	p.till = newProcess(t, "till", func() *exec.Cmd {
		cmd := exec.Command(os.Args[0], "--database", filepath.Join(dir, "order.db"), "--listen", atTill, "--loyalty", wire.URL+"/loyalty")
		cmd.Env = append(os.Environ(), "TILL_IS_ME=1", "LOYALTY_TOKEN="+token)
		return cmd
	})
	p.loyalty = newProcess(t, "loyalty", func() *exec.Cmd {
		return loyaltyAt(interpreter, filepath.Join(dir, "loyalty.db"), atLoyalty, wire.URL+"/till/order/feed")
	})
	return p
}

// post sends a request to the till until it is answered with one of the statuses.
func (p *pair) post(path string, body any, statuses ...int) {
	data, err := json.Marshal(body)
	if err != nil {
		p.t.Error(err)
		return
	}
	ask := request{http.MethodPost, p.urls["till"] + path, http.Header{"Content-Type": {"application/json"}}, data}
	for p.ctx.Err() == nil {
		response, _, err := ask.send(p.ctx)
		if err == nil {
			for _, status := range statuses {
				if response.StatusCode == status {
					return
				}
			}
		}
		pause(p.ctx, 20*time.Millisecond)
	}
	p.t.Errorf("%s was not answered", path)
}

// get asks a service that may be starting.
func (p *pair) get(service, path string, into any) error {
	_, body, err := request{http.MethodGet, p.urls[service] + path, http.Header{"Authorization": {"Bearer " + token}}, nil}.send(p.ctx)
	if err != nil {
		return err
	}
	return json.NewDecoder(bytes.NewReader(body)).Decode(into)
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// differences names what is not at rest, or does not agree; "" if all does. What
// both services know of points has to be what the till's own sales make them.
func (p *pair) differences() (string, summary) {
	var report summary
	var balances map[string]int64
	if err := p.get("till", "/order/report", &report); err != nil {
		return err.Error(), report
	}
	if err := p.get("loyalty", "/balances", &balances); err != nil {
		return err.Error(), report
	}
	if len(report.Sagas) > 0 {
		return fmt.Sprintf("sagas that have not ended: %v", report.Sagas), report
	}
	want := map[string]int64{}
	for _, s := range report.Sales {
		switch s.Status {
		case "confirmed":
			want[s.Customer] += 10 - s.Points
		case "refused":
			want[s.Customer] += 0
		default:
			return s.Document + " is " + s.Status, report
		}
	}
	for _, got := range []map[string]int64{balances, report.Balances} {
		maps.DeleteFunc(got, func(_ string, points int64) bool { return points == 0 })
	}
	maps.DeleteFunc(want, func(_ string, points int64) bool { return points == 0 })
	if !maps.Equal(balances, want) || !maps.Equal(report.Balances, want) {
		return fmt.Sprintf("points by the sales %v, by loyalty %v, by the till %v", want, balances, report.Balances), report
	}
	return "", report
}

// agree waits until all is at rest and agrees.
func (p *pair) agree() summary {
	p.t.Helper()
	for {
		what, report := p.differences()
		if what == "" {
			return report
		}
		if pause(p.ctx, 20*time.Millisecond); p.ctx.Err() != nil {
			p.t.Fatal(what)
		}
	}
}

// Two services in two languages, both killed at random moments, over a network that
// loses, repeats, cuts and delays: in the end every sale is confirmed or refused,
// and every point is where the sales say.
func TestSumsAgree(t *testing.T) {
	t.Parallel()
	sales, kills := 80, 6
	if os.Getenv("BAILIWICK_TEST") == "full" {
		sales, kills = 600, 30
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p := newPair(t, seed)
	p.till.start()
	p.loyalty.start()

	list := make([]sale, sales)
	for i := range list {
		list[i] = p.sale(i)
	}
	ask := make(chan sale)
	accepted := make(chan struct{}, sales)
	var customers sync.WaitGroup
	for range 4 {
		customers.Go(func() {
			for s := range ask {
				p.post("/order/sales", s, http.StatusAccepted)
				if strings.HasPrefix(s.Document, "late-") {
					p.awaitWithheld(s.Document)
					p.post("/order/sales/"+s.Document+"/cancel", nil, http.StatusAccepted, http.StatusConflict)
				}
				accepted <- struct{}{}
			}
		})
	}
	customers.Go(func() {
		defer close(ask)
		for _, s := range list {
			ask <- s
		}
	})
	for i := range sales {
		<-accepted
		if i%(sales/kills) == sales/kills-1 {
			victim := p.till
			if p.rand.IntN(2) == 0 {
				victim = p.loyalty
			}
			victim.kill()
			victim.start()
		}
	}
	customers.Wait()
	report := p.agree()
	t.Logf("the network: %v", p.network.count)

	outcomes := map[string]int{}
	for _, s := range report.Sales {
		outcomes[s.Status+" "+s.Reason]++
	}
	t.Logf("the sales: %v", outcomes)
	if len(report.Sales) != sales {
		t.Errorf("%d sales, want %d", len(report.Sales), sales)
	}
	for _, outcome := range []string{"confirmed ", "refused too-few-points", "refused card-declined", "refused cancelled"} {
		if outcomes[outcome] == 0 {
			t.Errorf("there is no sale that is %q, so the run shows too little", outcome)
		}
	}
	p.deliverLate()
	p.agree()
	p.loyalty.stop()
	p.till.stop()
}

// sale makes the i-th sale. A customer begins without points.
func (p *pair) sale(i int) sale {
	s := sale{Document: fmt.Sprintf("sale-%d", i), Customer: fmt.Sprintf("customer-%d", p.rand.IntN(8))}
	switch {
	case i%40 == 39:
		s.Document = fmt.Sprintf("late-%d", i)
		s.Points = 5
	case i > 20:
		s.Points = p.rand.IntN(3) * 8
		s.Declined = s.Points > 0 && p.rand.IntN(3) == 0
	}
	return s
}

// awaitWithheld waits until the network keeps an action of a sale.
func (p *pair) awaitWithheld(document string) {
	for p.ctx.Err() == nil {
		p.network.mu.Lock()
		kept := slices.ContainsFunc(p.network.withheld, func(r request) bool { return r.header.Get("Bailiwick-Saga-Id") == document })
		p.network.mu.Unlock()
		if kept {
			return
		}
		pause(p.ctx, 5*time.Millisecond)
	}
}

// deliverLate delivers every step once more, in any order, and for the first time
// the actions that were withheld until their compensation had come: those are
// answered as late.
func (p *pair) deliverLate() {
	p.t.Helper()
	p.network.mu.Lock()
	steps, withheld := p.network.steps, p.network.withheld
	p.network.mu.Unlock()
	if len(withheld) == 0 || p.network.count["doubled"] == 0 {
		p.t.Errorf("the network was too kind: %v", p.network.count)
	}
	p.rand.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	for _, s := range steps {
		if response, _, err := s.send(p.ctx); err != nil || response.StatusCode >= 500 {
			p.t.Errorf("a late %s was answered %v, %v", s.header.Get("Idempotency-Key"), response, err)
		}
	}
	for _, s := range withheld {
		response, _, err := s.send(p.ctx)
		if err != nil || response.StatusCode != http.StatusGone {
			p.t.Errorf("an action after its compensation, %s, was answered %v, %v", s.header.Get("Idempotency-Key"), response, err)
		}
	}
}

// The Python half has tests of its own.
func TestPython(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(python(t), "-m", "unittest")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("\nOK")) {
		t.Errorf("%v\n%s", err, out)
	}
}
