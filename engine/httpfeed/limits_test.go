package httpfeed_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/store"
)

// An answer is no larger than it may be, unless a single message is; and all come,
// however large they are.
func TestLargeMessages(t *testing.T) {
	const bound = 256 << 10
	p := produce(t, store.Options{}, httpfeed.ServerOptions{MaxBytes: bound})
	large := func(n int) []byte { return fmt.Appendf(nil, "%q", strings.Repeat("x", n)) }
	sizes := []int{10, 75 << 10, 75 << 10, 75 << 10, 75 << 10, 2 << 20, 10, 225 << 10, 225 << 10}
	for _, size := range sizes {
		p.publishData(1, "order.placed", large(size))
	}
	for range 100 {
		p.publishData(1, "order.placed", large(12<<10))
	}
	last, seen := "", 0
	for seen < len(sizes)+100 {
		response, body := p.get("?lastEventId=" + last)
		var events []struct{ ID string }
		if err := json.Unmarshal([]byte(body), &events); err != nil || len(events) == 0 {
			t.Fatalf("%s after %q: %d events, %v", response.Status, last, len(events), err)
		}
		if len(body) > bound && len(events) > 1 {
			t.Errorf("%d events in %d bytes", len(events), len(body))
		}
		seen, last = seen+len(events), events[len(events)-1].ID
	}
	feed, place, seen := p.follow(), bailiwick.Position{}, 0
	for seen < len(sizes)+100 {
		batch, err := feed.Read(t.Context(), place, 1000)
		if err != nil {
			t.Fatal(err)
		}
		seen, place = seen+len(batch.Messages), batch.Through
	}
	modest := p.follow(func(o *httpfeed.Options) { o.MaxBytes = 1 << 20 })
	if _, err := modest.Read(t.Context(), at(5), 1); bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), "MaxBytes") {
		t.Errorf("an answer that is too large for the reader: %v", err)
	}
}

// Messages of types that nobody asked for are left out, and the reader knows that
// they were, so that it takes them for no hole.
func TestTypes(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	for range 20 {
		p.publish(3, "order.viewed")
		p.publish(1, "order.placed")
	}
	p.publish(7, "order.viewed")
	feed := p.follow(func(o *httpfeed.Options) { o.Types = []string{"order.placed", "order.paid"} })
	batch, err := feed.Read(t.Context(), bailiwick.Position{}, 1000)
	if err != nil || batch.Through != at(87) || len(batch.Messages) != 80 {
		t.Fatalf("%d messages through %s: %v", len(batch.Messages), batch.Through, err)
	}
	for i, m := range batch.Messages {
		if m.Seq != int64(i+1) || (m.Type == "order.placed") != (m.Seq%4 == 0) || m.Type != "order.placed" && (m.Type != "" || m.Data != nil) {
			t.Fatalf("message %d: %+v", i, m)
		}
	}
	// While only others come, a follower is told soon how far the log is; one who
	// only reads is told of what he asked for.
	begun := time.Now()
	p.publish(5, "order.viewed")
	if err := feed.Wait(t.Context(), at(87)); err != nil || time.Since(begun) > patience/2 {
		t.Fatalf("waited %s: %v", time.Since(begun), err)
	}
	if batch, err = feed.Read(t.Context(), at(87), 1000); err != nil || batch.Through != at(92) || len(batch.Messages) != 0 {
		t.Fatalf("%d messages through %s: %v", len(batch.Messages), batch.Through, err)
	}
	answered := make(chan string)
	go func() {
		_, body := p.get("?lastEventId=1.87&types=order.paid&timeout=10000")
		answered <- body
	}()
	p.publish(3, "order.viewed")
	p.publish(1, "order.paid")
	if body := <-answered; strings.Count(body, "specversion") != 1 || !strings.Contains(body, "order.paid") {
		t.Errorf("a filtered poll was answered %s", body)
	}
	list, err := p.db.Log().Followers(t.Context())
	if err != nil || len(list) != 1 || fmt.Sprint(list[0].Types) != "[order.paid order.placed]" {
		t.Errorf("registered: %+v %v", list, err)
	}
	// Without types the registration stays as it is, also in a new process.
	p.swap(nil)
	p.get("?follower=billing")
	if list, err = p.db.Log().Followers(t.Context()); err != nil || len(list[0].Types) != 2 {
		t.Errorf("registered: %+v %v", list, err)
	}
}

// Two programs of one follower may run at once, an old one and its successor: each
// gets its types, either's commits count, and they do not register by turns.
func TestOldAndNewProgram(t *testing.T) {
	p := produce(t, store.Options{Retention: store.Retention{Every: time.Hour}}, httpfeed.ServerOptions{})
	p.publish(4, "order.placed")
	p.publish(2, "order.paid")
	ask := func(seq int, types string, want int) {
		t.Helper()
		if response, body := p.get(fmt.Sprintf("?follower=billing&lastEventId=1.%d&types=%s", seq, types)); strings.Count(body, "specversion") != want {
			t.Errorf("%s of %s after %d: %s", response.Status, types, seq, body)
		}
	}
	var before int64
	for seq := range 4 {
		ask(seq, "order.placed", 4-seq)
		ask(seq, "order.placed,order.paid", 6-seq)
		if seq == 0 {
			before = p.db.Stats().Commits
		}
	}
	if n := p.db.Stats().Commits - before; n != 0 {
		t.Errorf("%d commits for registrations that are known", n)
	}
	for _, c := range []struct {
		seq   int
		types string
		want  int
	}{{4, "order.placed", 0}, {5, "order.paid,order.placed", 1}, {6, "order.placed", 0}} {
		ask(c.seq, c.types, c.want)
		if got := p.acknowledged("billing"); got != int64(c.seq) {
			t.Errorf("acknowledged %d, want %d", got, c.seq)
		}
	}
}

// Where retention removed messages, a hole is read twice: a message that was merely
// late would show itself.
func TestHolesAreReadTwice(t *testing.T) {
	p := produce(t, store.Options{Retention: store.Retention{Compact: []string{"stock"}}}, httpfeed.ServerOptions{})
	requests := 0
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		p.server.Config.Handler.ServeHTTP(w, r)
	})
	p.publish(14, "stock") // two of each key
	if _, err := p.follow().Read(t.Context(), bailiwick.Position{}, 1); err != nil {
		t.Fatal(err)
	}
	acked := p.follow()
	acked.Ack(at(14))
	if _, err := acked.Read(t.Context(), at(14), 1); err != nil || p.acknowledged("billing") != 14 {
		t.Fatal(err)
	}
	p.publish(1, "stock")
	feed := p.follow(func(o *httpfeed.Options) {
		o.Follower, o.Types = "late", []string{"stock"}
		o.Client = &http.Client{Transport: handled{counted}}
	})
	for range 4 {
		batch, err := feed.Read(t.Context(), bailiwick.Position{}, 3)
		if err != nil || len(batch.Messages) != 3 || batch.Messages[0].Seq != 8 {
			t.Fatalf("%+v: %v", batch, err)
		}
	}
	if requests != 2 {
		t.Errorf("%d requests", requests)
	}
}

// One reader too many is refused, and tries again later.
func TestTooManyReaders(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{MaxWaiting: 1, MaxFollowers: 2})
	done := make(chan error)
	feed := p.follow()
	go func() {
		err := feed.Wait(t.Context(), bailiwick.Position{})
		for bailiwick.CodeOf(err) == bailiwick.Unavailable { // another poll came first
			err = feed.Wait(t.Context(), bailiwick.Position{})
		}
		done <- err
	}()
	p.untilBusy()
	second := p.follow(func(o *httpfeed.Options) { o.Follower = "second" })
	if err := second.Wait(t.Context(), bailiwick.Position{}); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("refused with %v", err)
	}
	third := p.follow(func(o *httpfeed.Options) { o.Follower = "third" })
	if _, err := third.Read(t.Context(), bailiwick.Position{}, 1); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("a third follower: %v", err)
	}
	p.publish(1, "order.placed")
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// What is asked wrongly stays wrong, and says why.
func TestBadRequests(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	for _, query := range []string{"?timeout=soon", "?timeout=-1", "?limit=0", "?limit=many", "?follower=a%20b", "?follower=" + strings.Repeat("x", 201), "?follower=%zz"} {
		response, body := p.get(query)
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(body, `"code":"invalid"`) {
			t.Errorf("%s: %s %s", query, response.Status, body)
		}
	}
	if list, err := p.db.Log().Followers(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("registered: %+v, %v", list, err)
	}
}

// Who may not read is told so, before he is registered.
func TestReaders(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{Readers: func(r *http.Request, follower string) error {
		if r.Header.Get("Authorization") != "Bearer s3cret" || follower == "other" {
			return errors.New("not you")
		}
		return nil
	}})
	for name, change := range map[string]func(*httpfeed.Options){
		"no token":      func(*httpfeed.Options) {},
		"a wrong token": func(o *httpfeed.Options) { o.Token = "guess" },
		"another name":  func(o *httpfeed.Options) { o.Token, o.Follower = "s3cret", "other" },
	} {
		_, err := p.follow(change).Read(t.Context(), bailiwick.Position{}, 1)
		if bailiwick.CodeOf(err) != bailiwick.Invalid || !strings.Contains(err.Error(), "not you") || strings.Contains(err.Error(), "guess") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := p.db.Log().Followers(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("registered: %+v, %v", list, err)
	}
	if _, err := p.follow(func(o *httpfeed.Options) { o.Token = "s3cret" }).Read(t.Context(), bailiwick.Position{}, 1); err != nil {
		t.Error(err)
	}
}

// A token is not carried to where a redirection points.
func TestRedirectionsAreNotFollowed(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	reached := false
	astray := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached = reached || r.URL.Path == "/elsewhere"
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}))
	defer astray.Close()
	for _, client := range []*http.Client{nil, {}} {
		feed := p.follow(func(o *httpfeed.Options) { o.URL, o.Token, o.Client = astray.URL+"/order/feed", "s3cret", client })
		if _, err := feed.Read(t.Context(), bailiwick.Position{}, 1); bailiwick.CodeOf(err) != bailiwick.Unavailable || reached {
			t.Errorf("%v, reached %v", err, reached)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for why, opts := range map[string]httpfeed.Options{
		"no URL":       {Log: "order/outbox"},
		"no scheme":    {URL: "127.0.0.1:80/order/feed", Log: "order/outbox"},
		"another":      {URL: "ftp://127.0.0.1/order/feed", Log: "order/outbox"},
		"a query":      {URL: "http://127.0.0.1/order/feed?a=b", Log: "order/outbox"},
		"no log":       {URL: "http://127.0.0.1/order/feed"},
		"plain token":  {URL: "http://shop.example/order/feed", Log: "order/outbox", Token: "s3cret"},
		"unreadable":   {URL: "http://user:s3cret@[::1/order/feed", Log: "order/outbox"},
		"with a query": {URL: "http://user:s3cret@127.0.0.1/order/feed?a=b", Log: "order/outbox"},
	} {
		_, err := httpfeed.New(opts)
		if bailiwick.CodeOf(err) != bailiwick.Invalid || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", why, err)
		}
	}
	for _, opts := range []httpfeed.Options{
		{URL: "https://shop.example/order/feed", Log: "order/outbox", Token: "s3cret"},
		{URL: "http://shop.example/order/feed", Log: "order/outbox", Token: "s3cret", Plain: true},
		{URL: "http://localhost:80/order/feed", Log: "order/outbox", Token: "s3cret"},
	} {
		if _, err := httpfeed.New(opts); err != nil {
			t.Errorf("%s: %v", opts.URL, err)
		}
	}
}

// handled answers requests by a handler, without a network.
type handled struct{ http.Handler }

func (h handled) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result(), nil
}

// What is not this log's feed is not believed.
func TestForeignAnswers(t *testing.T) {
	event := func(id, source string) string {
		return `{"specversion":"1.0","id":"` + id + `","source":"` + source + `","type":"t","time":"2026-01-02T03:04:05Z"}`
	}
	const one, two = "1.1.01890000-0000-7000-8000-000000000001", "1.2.01890000-0000-7000-8000-000000000002"
	for why, c := range map[string]struct {
		status                   int
		kind, log, through, body string
		want                     bailiwick.Code
	}{
		"a page":            {200, "text/html", "order/outbox", "1.2", "<html>", bailiwick.Invalid},
		"another log":       {200, httpfeed.MediaType, "user/outbox", "1.2", "[]", bailiwick.Invalid},
		"no position":       {200, httpfeed.MediaType, "order/outbox", "", "[]", bailiwick.Invalid},
		"half an array":     {200, httpfeed.MediaType, "order/outbox", "1.2", "[" + event(one, "order/outbox"), bailiwick.Invalid},
		"another source":    {200, httpfeed.MediaType, "order/outbox", "1.2", "[" + event(one, "user/outbox") + "]", bailiwick.Invalid},
		"wrong order":       {200, httpfeed.MediaType, "order/outbox", "1.2", "[" + event(two, "order/outbox") + "," + event(one, "order/outbox") + "]", bailiwick.Invalid},
		"too short":         {200, httpfeed.MediaType, "order/outbox", "1.1", "[" + event(one, "order/outbox") + "," + event(two, "order/outbox") + "]", bailiwick.Invalid},
		"no id":             {200, httpfeed.MediaType, "order/outbox", "1.2", "[" + event("1.1", "order/outbox") + "]", bailiwick.Invalid},
		"a proxy's 404":     {404, "text/html", "", "", "nothing here", bailiwick.Unavailable},
		"a proxy's 410":     {410, "text/html", "", "", "gone", bailiwick.Unavailable},
		"a proxy's 502":     {502, "text/html", "", "", "bad gateway", bailiwick.Unavailable},
		"a redirect astray": {302, "text/html", "", "", "", bailiwick.Unavailable},
	} {
		handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			h.Set("Content-Type", c.kind)
			h.Set(httpfeed.HeaderLog, c.log)
			h.Set(httpfeed.HeaderThrough, c.through)
			h.Set(httpfeed.HeaderHead, "2")
			h.Set(httpfeed.HeaderLeftOut, "0")
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		feed, err := httpfeed.New(httpfeed.Options{URL: "http://127.0.0.1/order/feed", Log: "order/outbox", Client: &http.Client{Transport: handled{handler}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := feed.Read(t.Context(), bailiwick.Position{}, 10); bailiwick.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want the code %s", why, err, c.want)
		}
	}
}

// The database's own words stay with the server.
func TestFailuresAreNotTold(t *testing.T) {
	p := produce(t, store.Options{}, httpfeed.ServerOptions{})
	p.publish(1, "order.placed")
	p.close()
	p.stop = func() {}
	response, body := p.get("?follower=billing")
	if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "the log cannot be read now") || strings.Contains(body, "sqlite") {
		t.Errorf("%s: %s", response.Status, body)
	}
	if _, err := p.follow().Read(t.Context(), bailiwick.Position{}, 1); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("a closed database ends its followers: %v", err)
	}
}
