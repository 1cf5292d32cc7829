package httpfeed_test

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/store"
)

// What comes over HTTP is what stands in the log, field by field, in order and
// without loss, across the borders of answers and batches.
func TestMessagesComeAsTheyStand(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{Batch: 40})
	ctx := bailiwick.WithTrace(bailiwick.WithCorrelation(t.Context(), "ticket \"12\" ü"), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	for _, data := range [][]byte{[]byte(`{"a":[1,2.50,"\u00e9\n"]}`), []byte("no JSON"), {0, 255, '"'}, nil, []byte("null"), []byte(`"` + "\xff" + `"`), []byte("7")} {
		err := p.db.Do(ctx, func(tx *store.Tx) error {
			return tx.Publish(bailiwick.Message{Key: "käse \\ \"x\"\x00", Type: "order.placed", Version: 3, Data: data})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p.publish(200, "order.paid")
	local, err := p.db.Log().Feed(t.Context(), store.Subscriber{Name: "local"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := local.Read(t.Context(), bailiwick.Position{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	feed := p.follow()
	var got []*bailiwick.Message
	place := bailiwick.Position{}
	for len(got) < len(want.Messages) {
		if err := feed.Wait(t.Context(), place); err != nil {
			t.Fatal(err)
		}
		batch, err := feed.Read(t.Context(), place, 17)
		if err != nil {
			t.Fatal(err)
		}
		got, place = append(got, batch.Messages...), batch.Through
	}
	for i, m := range want.Messages {
		if len(m.Data) == 0 && len(got[i].Data) == 0 {
			got[i].Data = m.Data
		}
		if !reflect.DeepEqual(m, got[i]) {
			t.Fatalf("message %d\n got %+v\nwant %+v", i, *got[i], *m)
		}
	}
	if len(got) != 207 || place != at(207) || feed.Head() != 207 || feed.Log() != "order/outbox" {
		t.Errorf("%d messages through %s, head %d", len(got), place, feed.Head())
	}
}

// A client that knows nothing but http-feeds.org reads all, goes on after a pause,
// and is told of news at once.
func TestStockClient(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{Batch: 10, MaxWaiting: 1})
	type cloudEvent struct {
		SpecVersion, ID, Type, Source, Subject string
		Time                                   time.Time
		Data                                   json.RawMessage
	}
	last := ""
	poll := func() (events []cloudEvent) {
		query := "?timeout=5000"
		if last != "" {
			query += "&lastEventId=" + last
		}
		response, body := p.get(query)
		for response.StatusCode == http.StatusTooManyRequests { // another poll of this test waits
			response, body = p.get(query)
		}
		if response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/cloudevents-batch+json" {
			t.Fatalf("%s, %s: %s", response.Status, response.Header.Get("Content-Type"), body)
		}
		if err := json.Unmarshal([]byte(body), &events); err != nil {
			t.Fatal(err)
		}
		if len(events) > 0 {
			last = events[len(events)-1].ID
		}
		return events
	}
	p.publish(35, "order.placed")
	seen := map[string]bool{}
	for _, size := range []int{10, 10, 10, 5} {
		events := poll()
		for _, e := range events {
			if seen[e.ID] || e.SpecVersion != "1.0" || e.Source != "order/outbox" || e.Type != "order.placed" || e.Subject == "" || e.Time.IsZero() || e.Data == nil {
				t.Fatalf("event %+v", e)
			}
			seen[e.ID] = true
		}
		if len(events) != size {
			t.Fatalf("%d events, want %d", len(events), size)
		}
	}
	arrived := make(chan []cloudEvent)
	go func() { arrived <- poll() }()
	p.untilBusy()
	begun := time.Now()
	p.publish(1, "order.placed")
	if events := <-arrived; len(events) != 1 || seen[events[0].ID] || time.Since(begun) > 2*time.Second {
		t.Errorf("the poll was answered %+v after %s", events, time.Since(begun))
	}
}

// An answer waits as long as it was asked to, and is then empty.
func TestTimeout(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{MaxWait: 30 * time.Millisecond})
	p.publish(1, "order.placed")
	for query, least := range map[string]time.Duration{
		"?lastEventId=1.1":               0,
		"?lastEventId=1.1&timeout=20":    20 * time.Millisecond,
		"?lastEventId=1.1&timeout=60000": 30 * time.Millisecond,
	} {
		begun := time.Now()
		response, body := p.get(query)
		if took := time.Since(begun); response.StatusCode != 200 || body != "[]" || took < least || took > 5*time.Second {
			t.Errorf("%s: %s %q after %s", query, response.Status, body, took)
		}
	}
}

// While nothing comes a follower waits, and one cancelled wait ends its request.
func TestWait(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	feed := p.follow(func(o *httpfeed.Options) { o.Wait = 20 * time.Millisecond })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // several polls
	defer cancel()
	if err := feed.Wait(ctx, bailiwick.Position{}); err != context.DeadlineExceeded {
		t.Fatalf("waited: %v", err)
	}
	done := make(chan error)
	go func() { done <- feed.Wait(t.Context(), bailiwick.Position{}) }()
	p.publish(1, "order.placed")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// Who has committed more tells of it, also while another lane waits at the same
// place.
func TestAcknowledgementsDoNotWait(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	p.publish(5, "order.placed")
	feed := p.follow()
	if _, err := feed.Read(t.Context(), bailiwick.Position{}, 10); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	for seq := range int64(3) {
		feed.Ack(at(seq))
		go func() { done <- feed.Wait(ctx, at(5)) }()
		until(t, "the log knows", func() bool { return p.acknowledged("billing") == seq })
	}
	stop()
	stopped := time.Now()
	for range 3 {
		if err := <-done; err != context.Canceled {
			t.Error(err)
		}
	}
	if took := time.Since(stopped); took > patience/2 { // a poll would wait for patience
		t.Errorf("their requests went on for %s", took)
	}
}

// What was committed elsewhere while a lane waits, by a lane of another instance, is
// told while it waits, and it goes on waiting.
func TestAcknowledgementsReachALogThatIsWaitedFor(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	p.publish(5, "order.placed")
	feed := p.follow(func(o *httpfeed.Options) { o.Wait = time.Minute }) // longer than until
	feed.Ack(at(2))
	done := make(chan error)
	for range 2 {
		go func() { done <- feed.Wait(t.Context(), at(5)) }()
	}
	until(t, "the log knows of the first two", func() bool { return p.acknowledged("billing") == 2 })
	feed.Ack(at(5))
	until(t, "the log knows of all", func() bool { return p.acknowledged("billing") == 5 })
	p.publish(1, "order.placed")
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestOnlyGet(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	response, err := http.Post(p.url(), "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "GET" {
		t.Errorf("%s, allowed %q", response.Status, response.Header.Get("Allow"))
	}
}
