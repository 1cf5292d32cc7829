package httpfeed

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

const someID = "0198c5c2-7b1e-7000-8000-0123456789ab"

// An event's id is a place or refused; a place is written as it was meant.
func FuzzPlace(f *testing.F) {
	for _, seed := range []string{"1.7." + someID, "1.7", "0.0", "", ".", "1", "1.", ".7", "1.7.", "-1.7", "+1.7", "1.+7", "01.007", "1.7.8",
		"1.7." + someID + ".9", "9223372036854775807.9223372036854775807", "9223372036854775808.1", "1.7." + strings.ToUpper(someID)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePlace(text)
		if err != nil {
			if p != (place{}) {
				t.Fatalf("%q is refused, and is %s", text, p)
			}
			return
		}
		if p.Epoch < 0 || p.Seq < 0 {
			t.Fatalf("%q is the place %s", text, p)
		}
		if again, err := parsePlace(p.String()); err != nil || again != p {
			t.Fatalf("%q becomes %s, which is %s, %v", text, p, again, err)
		}
	})
}

// event makes the text of one event.
func textOf(m *bailiwick.Message) string { return string(appendEvent(nil, m)) }

var eventSeeds = func() []string {
	m := &bailiwick.Message{Log: "order/outbox", Epoch: 2, Seq: 7, Key: "customer/17850", Type: "order.confirmed", Version: 1,
		Time: time.Date(2026, 3, 1, 12, 0, 0, 1000, time.UTC), Correlation: "ticket-12", Trace: "00-0198c5c27b1e700080000123456789ab-80000123456789ab-01", Data: []byte(`{"lines":[{"code":"85123A"}]}`)}
	m.ID, _ = bailiwick.ParseID(someID)
	m.Causation = m.ID
	dirt := *m
	dirt.Seq, dirt.Key, dirt.Type, dirt.Data = 8, "a\"\\{}[],: é\n", "sp\xffit", []byte("no JSON")
	plain, odd := textOf(m), textOf(&dirt)
	return []string{"[]", "[" + plain + "]", "[" + plain + ",\n" + odd + "]", "[" + plain + ", " + plain + "]",
		strings.Replace("["+plain+"]", `}]}}]`, `}]},"partner":"x"}]`, 1),                             // a newer server says more
		strings.Replace("["+plain+"]", `"data":{`, `"data":0,"data":{`, 1),                            // says it twice
		strings.Replace("["+plain+"]", "12:00:00.000001Z", "12:00:00,5+24:00", 1),                     // no such zone
		strings.Replace("["+plain+"]", "2026-03-01T12:00:00.000001Z", "0000-01-01T00:00:00+23:59", 1), // before all years
		strings.Replace("["+plain+"]", "17850", "\xff", 1),
		"[" + plain, plain, "[null]", "null", "{}", "[{}]", `[{"id":"1.7"}]`, `[{"id":"1.0.` + someID + `"}]`, "[" + strings.Repeat("[", 1000), ""}
}()

// Whatever body comes is read or refused. The short way reads nothing that the long
// one reads otherwise; what was read can be kept and sent on, and is the same then.
func FuzzDecode(f *testing.F) {
	for _, seed := range eventSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		short, ok := scan(bytes.Clone(body))
		long, err := decodeAny(bytes.Clone(body))
		if ok && err == nil && !sameMessages(short, long) {
			t.Fatalf("two readings of %q: %s and %s", body, show(short), show(long))
		}
		list, err := decode(body)
		if err != nil {
			return
		}
		for _, m := range list {
			if m.ID.IsZero() || m.Seq <= 0 || m.Epoch < 0 {
				t.Fatalf("%q holds a message at %s with the id %s", body, m.Position(), m.ID)
			}
			if _, err := json.Marshal(m); err != nil {
				t.Fatalf("%q holds what cannot be set aside: %v", body, err)
			}
		}
		sent := encode(list)
		again, err := decodeAny(sent)
		if err != nil {
			t.Fatalf("%q, sent on as %q: %v", body, sent, err)
		}
		if !sameMessages(list, again) {
			t.Fatalf("%q, sent on as %q: %s becomes %s", body, sent, show(list), show(again))
		}
	})
}

func sameMessages(a, b []*bailiwick.Message) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		one, two := *a[i], *b[i]
		if !one.Time.Equal(two.Time) || !bytes.Equal(one.Data, two.Data) {
			return false
		}
		one.Time, one.Data, two.Time, two.Data = time.Time{}, nil, time.Time{}, nil
		if !reflect.DeepEqual(one, two) {
			return false
		}
	}
	return true
}

func show(list []*bailiwick.Message) string {
	text, _ := json.Marshal(list)
	return string(text)
}

// An answer is the log's next run, in order and within what was told, or refused;
// what it makes of the holes stays in proportion to what was sent.
func FuzzAnswer(f *testing.F) {
	for _, body := range eventSeeds[:4] {
		f.Add("2.7", "7", "0", []byte(body))
		f.Add("2.9", "100", "7", []byte(body))
	}
	f.Add("2.4611686018427387904", "0", "4611686018427387898", []byte(strings.Replace(eventSeeds[1], "2.7.", "2.4611686018427387904.", 1)))
	f.Add("2.9223372036854775807", "0", "9223372036854775801", []byte(eventSeeds[1]))
	f.Add("", "", "", []byte("[]"))
	f.Fuzz(func(t *testing.T, through, head, leftOut string, body []byte) {
		feed, err := New(Options{URL: "http://127.0.0.1/order/feed", Log: "order/outbox"})
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		for name, value := range map[string]string{"Content-Type": MediaType, HeaderLog: "order/outbox", HeaderThrough: through, HeaderHead: head, HeaderLeftOut: leftOut} {
			h.Set(name, value)
		}
		after := bailiwick.Position{Epoch: 1, Seq: 5}
		got, err := feed.read(h, body, after)
		if err != nil {
			return
		}
		r := got.run
		if r.through.Seq < after.Seq || r.through.Epoch < after.Epoch || got.head < r.through.Seq {
			t.Fatalf("from %s it reaches to %s, the head is %d", after, r.through, got.head)
		}
		last := after
		for _, m := range r.messages {
			if m.Seq <= last.Seq || m.Epoch < last.Epoch || m.Seq > r.through.Seq {
				t.Fatalf("%s comes after %s, up to %s", m.Position(), last, r.through)
			}
			last = m.Position()
		}
		if len(r.messages) > len(body)+maxMarkers {
			t.Fatalf("%d bytes came to %d messages", len(body), len(r.messages))
		}
	})
}

// A request is understood, and within the server's limits, or refused with a code.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{"", "follower=payment&types=order.confirmed,order.placed&timeout=30000&limit=10", "lastEventId=1.7." + someID + "&after=1.9",
		"timeout=9223372036854775807", "timeout=-1", "limit=0", "limit=5000&timeout=86400000", "limit=99999999999999999999", "limit=-1", "follower=a%20b", "follower=%ff", "types=,,a,,a", "lastEventId=latest", "%zz", "a;b"} {
		f.Add(seed)
	}
	s := &server{opts: ServerOptions{Batch: 1000, MaxWait: 30 * time.Second}}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/order/feed", nil)
		r.URL.RawQuery = query
		ask, err := s.parse(r)
		if err != nil {
			if code := bailiwick.CodeOf(err); code != bailiwick.Invalid && code != bailiwick.Gone {
				t.Fatalf("%q is refused with %v", query, err)
			}
			return
		}
		if ask.limit < 1 || ask.limit > s.opts.Batch || ask.wait < 0 || ask.wait > s.opts.MaxWait || len(ask.follower) > maxName {
			t.Fatalf("%q asks for %+v", query, ask)
		}
		if ask.committed.Seq < 0 || ask.after.Seq < 0 {
			t.Fatalf("%q asks for what follows %s", query, ask.after)
		}
	})
}

// Whatever a server answers instead of a batch is an error with a code that says
// what to do: only a server that says so has a follower halt.
func FuzzRefusal(f *testing.F) {
	f.Add(410, "application/problem+json", []byte(`{"status":410,"code":"gone","low":"1.5"}`))
	f.Add(410, "application/problem+json; charset=utf-8", []byte(`{"status":410,"code":"forked"}`))
	f.Add(410, "text/html", []byte(`<html>gone</html>`))
	f.Add(400, "application/problem+json", []byte(`{"code":"invalid","detail":"limit"}`))
	f.Add(401, "", []byte(nil))
	f.Add(429, "application/problem+json", []byte(`{"code":"invalid"}`))
	f.Add(502, "text/plain", []byte("\x00\xff"))
	f.Add(410, "application/problem+json", []byte(`{"code":7}`))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		feed, err := New(Options{URL: "http://127.0.0.1/order/feed", Log: "order/outbox"})
		if err != nil {
			t.Fatal(err)
		}
		err = feed.refused(&http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {kind}}}, body)
		var known *bailiwick.Error
		if !errors.As(err, &known) {
			t.Fatalf("%d %q: %v", status, body, err)
		}
		switch known.Code {
		case bailiwick.Forked, bailiwick.Gone:
			if status != http.StatusGone {
				t.Fatalf("%d %q makes it %s", status, body, known.Code)
			}
		case bailiwick.Invalid:
			if status < 400 || status >= 500 || status == http.StatusTooManyRequests {
				t.Fatalf("%d %q makes it %s", status, body, known.Code)
			}
		case bailiwick.Unavailable:
		default:
			t.Fatalf("%d %q makes it %s", status, body, known.Code)
		}
		if len(known.Error()) > 4000 {
			t.Fatalf("the error has %d bytes", len(known.Error()))
		}
	})
}
