package main_test

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/replay"
	"github.com/bailiwick/bailiwick/service/supervise"
)

// Two instances of each service share its PostgreSQL database; while a replay runs,
// each service loses one of them. The others take over, the replay ends exact, and
// both instances have applied messages.
func TestInstancesShareTheWorkOnPostgres(t *testing.T) {
	urls := map[string]string{}
	for _, name := range shop.Names() {
		urls[name] = server.Database(t)
	}
	csv := call(t, "demo", "--generate", "200", "--seed", "13").expect(t, 0).out
	lines := strings.Count(csv, "\n") - 1
	p := newPairs(t, urls)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	p.kills = victims(rand.New(rand.NewPCG(seed, 0)), lines*4/10, lines*8/10)

	ctx, stop := context.WithTimeout(t.Context(), 8*time.Minute)
	defer stop()
	ended := make(chan error, 1)
	go func() {
		ended <- supervise.Run(ctx, supervise.Options{Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, p.children()...)
	}()
	for p.front.Ready(ctx) != nil || !p.complete() {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("not ready: %v\n%s", p.front.Ready(context.Background()), p.tail())
		}
	}
	for _, name := range consumers {
		awaitShares(ctx, t, urls[name])
	}
	outside := httptest.NewServer(p.front.Handler())
	defer outside.Close()
	begun := time.Now()
	report, err := replay.Run(ctx, replay.Options{
		Open:    func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(csv)), nil },
		Clients: shop.Connect(outside.URL, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}),
		Every:   20, Parallel: 32, Progress: p, Patience: 2 * time.Minute,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, p.tail())
	}
	t.Logf("%d lines in %v", lines, time.Since(begun))
	if !report.Exact {
		var text bytes.Buffer
		_ = report.Print(&text)
		t.Errorf("not exact\n%s", &text)
	}
	if len(p.kills) > 0 {
		t.Errorf("%d were not killed", len(p.kills))
	}
	for name, wrote := range p.wrote {
		t.Logf("%s: before the first kill its instances wrote %d and %d times", name, wrote[0], wrote[1])
		if wrote[0] == 0 || wrote[1] == 0 {
			t.Errorf("%s: one instance did all the work", name)
		}
	}
	p.takeovers()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// consumers are the services that do nothing but apply messages.
var consumers = []string{"delivery", "notification", "payment"}

// awaitShares returns once two instances hold lanes of a database.
func awaitShares(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for holders := 0; holders < 2; {
		// Each of the two runs one lane of every follower at least, under a name of its own.
		err := db.QueryRowContext(ctx, `SELECT count(DISTINCT holder) FROM bailiwick_leases
			WHERE name LIKE 'follow/order/outbox/%' AND name NOT LIKE '%/seat/%' AND holder <> '' AND until > now()`).Scan(&holders)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("the instances do not share the lanes")
		}
	}
}

var written = regexp.MustCompile(`(?m)^bailiwick_query_duration_seconds_count\{operation="(?:insert|update)",.*\} (\d+)`)

// sample reads from the metrics of the services that do nothing but apply messages
// how often each instance has written.
func (p *pairs) sample() {
	p.wrote = map[string][2]int{}
	for _, name := range consumers {
		var wrote [2]int
		for i, one := range p.at[name] {
			response, err := http.Get(one.URL + "/" + name + "/metrics")
			if err != nil {
				p.t.Error(err)
				continue
			}
			text, _ := io.ReadAll(response.Body)
			response.Body.Close()
			for _, m := range written.FindAllSubmatch(text, -1) {
				n, _ := strconv.Atoi(string(m[1]))
				wrote[i] += n
			}
		}
		p.wrote[name] = wrote
	}
}

// takeovers logs how long after a kill the last lane was taken over. An instance that
// comes back takes its share again; that is not meant.
func (p *pairs) takeovers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name, killed := range p.killed {
		var after []time.Duration
		for _, t := range p.took {
			if t.service == name && t.when.After(killed) {
				after = append(after, t.when.Sub(killed).Round(10*time.Millisecond))
			}
		}
		p.t.Logf("%s: lanes were taken over %v after a kill", name, after)
	}
}
