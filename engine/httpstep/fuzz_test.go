package httpstep

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
)

// A command is understood whole or refused as poison.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`{"saga":"place-order","id":"0198c5c2-7b1e-7000-8000-0123456789ab","step":"reserve","op":"do","reply_to":"order.saga.reply","data":{"lines":[]}}`,
		`{"saga":"s","id":"1","step":"x","op":"undo","reply_to":"r"}`, `{"saga":"s","id":"1\r\nX: y","step":"x","op":"do","reply_to":"r","data":7}`,
		`{"id":"1","step":"x","op":"do","reply_to":"r"}`, `{"saga":"s","id":"1","step":"x","op":"DO","reply_to":"r"}`, `null`, `[]`, ``, `{"data":`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &bailiwick.Message{Type: "inventory.reserve", Data: data}
		c, err := readCommand(m)
		if err != nil {
			if bailiwick.CodeOf(err) != bailiwick.Poison || c != nil {
				t.Fatalf("%q: %+v, %v", data, c, err)
			}
			return
		}
		if c.Saga == "" || c.ID == "" || c.Step == "" || c.ReplyTo == "" || c.Op != "do" && c.Op != "undo" || c.message != m {
			t.Fatalf("%q is understood as %+v", data, c)
		}
		if len(c.Data) > 0 && !json.Valid(c.Data) {
			t.Fatalf("%q asks for %q", data, c.Data)
		}
	})
}

// Only what a participant says is an answer: done with JSON or nothing, or refused
// with a reason. All else leaves open what came of the step.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"reservation":"r1"}`))
	f.Add(204, "", []byte(nil))
	f.Add(200, "application/json; charset=utf-8", []byte(" [1 , 2]\n"))
	f.Add(200, "text/html", []byte("<html>welcome</html>"))
	f.Add(200, "application/json", []byte(`{"reservation":`))
	f.Add(422, "application/problem+json", []byte(`{"reason":"out-of-stock","detail":"none is left"}`))
	f.Add(422, "application/problem+json", []byte(`{"detail":"no reason"}`))
	f.Add(422, "application/json", []byte(`{"reason":"out-of-stock"}`))
	f.Add(410, "application/problem+json", []byte(`{"reason":"undone"}`))
	f.Add(410, "application/problem+json", []byte(`{"reason":7}`))
	f.Add(409, "application/problem+json", []byte(`{"reason":"in-progress"}`))
	f.Add(500, "application/problem+json", []byte(`{"reason":"x"}`))
	f.Add(302, ";;", []byte("\xff"))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		a, err := read(&http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {kind}}}, body)
		switch {
		case err != nil:
			if a.Outcome != "" {
				t.Fatalf("%d %q is %+v and %v", status, body, a, err)
			}
			return
		case a.Outcome == done && (status < 200 || status > 299 || a.Reason != ""),
			a.Outcome == rejected && (status != http.StatusUnprocessableEntity || a.Reason == ""),
			a.Outcome == late && (status != http.StatusGone || a.Reason == ""),
			a.Outcome != done && a.Outcome != rejected && a.Outcome != late:
			t.Fatalf("%d %q is %+v", status, body, a)
		}
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatalf("%d %q cannot be handed on: %v", status, body, err)
		}
		var again answer
		if err := json.Unmarshal(text, &again); err != nil || again.Outcome != a.Outcome || again.Reason != a.Reason || again.Detail != a.Detail {
			t.Fatalf("%+v becomes %+v, %v", a, again, err)
		}
	})
}

// Whatever a participant asks for, it is left alone for a day at most, and what is
// no time is no pause.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "0", "-1", "120", "99999999999999999999", "1.5", "Sun, 01 Mar 2026 12:00:30 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT",
		"Sunday, 01-Mar-26 12:00:30 GMT", "soon", "+5", "\x00"} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		d := retryAfter(&http.Response{Header: http.Header{"Retry-After": {value}}}, now)
		if d > 24*time.Hour {
			t.Fatalf("%q is a pause of %s", value, d)
		}
		e := &endpoint{}
		e.rest(now.Add(d))
		if rests := e.rests(now); rests != max(0, d) {
			t.Fatalf("after %q the endpoint rests for %s", value, rests)
		}
	})
}
