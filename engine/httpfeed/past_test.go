package httpfeed_test

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/store"
)

// wantGone expects a 410 with the low-water mark in header and body.
func (p *producer) wantGone(query, code, low string) {
	p.t.Helper()
	response, body := p.get(query)
	var problem struct {
		Status            int
		Code, Low, Detail string
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		p.t.Fatal(err)
	}
	_, seq, _ := strings.Cut(low, ".")
	if response.StatusCode != http.StatusGone || response.Header.Get("Content-Type") != "application/problem+json" ||
		response.Header.Get(httpfeed.HeaderLow) != seq || problem.Status != 410 || problem.Code != code || problem.Low != low {
		p.t.Errorf("%s: %s, low %s: %s", query, response.Status, response.Header.Get(httpfeed.HeaderLow), body)
	}
}

// What was trimmed is answered 410 with the low-water mark, from which one can go
// on; so is what never was.
func TestGone(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	p.publish(10, "order.placed")
	feed := p.follow()
	batch, err := feed.Read(t.Context(), bailiwick.Position{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	feed.Ack(batch.Messages[5].Position())
	if _, err := feed.Read(t.Context(), batch.Through, 100); err != nil { // carries the acknowledgement
		t.Fatal(err)
	}
	if got := p.acknowledged("billing"); got != 6 {
		t.Fatalf("acknowledged %d, want 6", got)
	}
	p.wantGone("", "gone", "1.6")
	p.wantGone("?lastEventId=1.3", "gone", "1.6")
	p.wantGone("?lastEventId=1.3."+batch.Messages[2].ID.String(), "gone", "1.6")
	for _, never := range []string{"nonsense", "1", "1.", ".7", "1.x", "1.-7", "+1.7", "1.7.short", "99999999999999999999.1"} {
		p.wantGone("?lastEventId="+never, "gone", "1.6")
	}
	for _, never := range []string{"1.11", "2.7", "2.10", "1.8." + batch.Messages[8].ID.String()} {
		p.wantGone("?lastEventId="+never, "forked", "1.6")
	}
	if response, body := p.get("?lastEventId=1.6"); response.StatusCode != 200 || strings.Count(body, "specversion") != 4 {
		t.Errorf("from the low-water mark: %s %s", response.Status, body)
	}
	_, err = p.follow(func(o *httpfeed.Options) { o.Follower = "late" }).Read(t.Context(), bailiwick.Position{}, 100)
	if bailiwick.CodeOf(err) != bailiwick.Gone || !strings.Contains(err.Error(), "1.6") {
		t.Errorf("a follower that comes late: %v", err)
	}
}

// A log that was restored from a backup and went on tells another story: whoever
// has seen the first one halts, with or without an incarnation of its own.
func TestFork(t *testing.T) {
	for name, epoch := range map[string]bool{"a file that was put back": false, "a new incarnation": true} {
		t.Run(name, func(t *testing.T) {
			p := produce(t, store.Options{}, httpfeed.ServerOptions{})
			network := newProxy(t, p.server.Listener.Addr().String(), nil)
			feed := p.follow(func(o *httpfeed.Options) { o.URL = network.url() })
			p.publish(5, "order.placed")
			p.swap(nil)
			backup, err := os.ReadFile(p.path)
			if err != nil {
				t.Fatal(err)
			}
			p.publish(5, "order.placed")
			target := p.server.Listener.Addr().String()
			network.target.Store(&target)
			batch, err := feed.Read(t.Context(), bailiwick.Position{}, 100)
			if err != nil || batch.Through != at(10) {
				t.Fatalf("read through %s: %v", batch.Through, err)
			}
			p.swap(func() {
				if err := os.WriteFile(p.path, backup, 0o600); err != nil {
					t.Fatal(err)
				}
				if epoch {
					p.rebase(2, 5)
				}
			})
			p.publish(8, "order.placed")
			target = p.server.Listener.Addr().String()
			network.target.Store(&target)
			feed.Ack(at(10))
			if _, err := feed.Read(t.Context(), at(10), 100); bailiwick.CodeOf(err) != bailiwick.Forked {
				t.Fatalf("it reads on: %v", err)
			}
			if err := feed.Wait(t.Context(), at(10)); bailiwick.CodeOf(err) != bailiwick.Forked {
				t.Fatalf("it waits: %v", err)
			}
			if epoch { // as one that has lanes on both sides of the fork would say
				p.get("?follower=billing&lastEventId=1.10&after=2.8")
			}
			if got := p.acknowledged("billing"); got > 5 {
				t.Errorf("the log believes that seq %d was committed", got)
			}
			// One who stands before the fork goes on.
			before := at(5)
			if batch, err = p.follow(func(o *httpfeed.Options) { o.Follower = "" }).Read(t.Context(), before, 100); err != nil || len(batch.Messages) != 8 {
				t.Errorf("before the fork: %d messages, %v", len(batch.Messages), err)
			}
			if epoch && batch.Through.Epoch != 2 {
				t.Errorf("the incarnation is %d", batch.Through.Epoch)
			}
			if response, _ := p.get("?lastEventId=1.5"); epoch && response.Header.Get(httpfeed.HeaderEpochs) != "1.0,2.5" {
				t.Errorf("the incarnations are %q", response.Header.Get(httpfeed.HeaderEpochs))
			}
		})
	}
}

// swap ends the process, changes its file and starts it again.
func (p *producer) swap(change func()) {
	p.t.Helper()
	p.server.CloseClientConnections()
	p.server.Close()
	p.close()
	if change != nil {
		change()
	}
	p.open()
	p.serve(httpfeed.ServerOptions{})
}

// rebase begins an incarnation of the log of a closed file.
func (p *producer) rebase(epoch, seq int64) {
	p.t.Helper()
	db, err := sql.Open("sqlite", p.path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{"INSERT INTO bailiwick_log_history (epoch, seq) VALUES (?1, ?2)", "UPDATE bailiwick_log_state SET epoch = ?1"} {
		if _, err := db.Exec(text, epoch, seq); err != nil {
			p.t.Fatal(err)
		}
	}
}
