package bailiwicktest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// Do sends a request with the JSON of in (nil sends no body) to the services, in this
// process, and returns the answer whatever its status. What is refused because the
// services crash is sent again, as a client would.
func (w *World) Do(method, path string, in any) *httptest.ResponseRecorder {
	w.t.Helper()
	var body []byte
	if in != nil {
		var err error
		body, err = json.Marshal(in)
		must(w.t, err)
	}
	for {
		r := httptest.NewRequestWithContext(w.t.Context(), method, path, bytes.NewReader(body))
		if in != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		l, answer := w.life(), httptest.NewRecorder()
		l.handler.ServeHTTP(answer, r)
		if answer.Code != http.StatusServiceUnavailable || !l.isDying() {
			return answer
		}
	}
}

// Post posts the JSON of in and reads the JSON that is answered into out, which may be
// nil. It fails the test unless the status is one of success.
func (w *World) Post(path string, in, out any) {
	w.t.Helper()
	w.succeed(http.MethodPost, path, in, out)
}

// Get reads the JSON at a path into out. It fails the test unless the status is one of
// success.
func (w *World) Get(path string, out any) {
	w.t.Helper()
	w.succeed(http.MethodGet, path, nil, out)
}

func (w *World) succeed(method, path string, in, out any) {
	w.t.Helper()
	answer := w.Do(method, path, in)
	if answer.Code < 200 || answer.Code > 299 {
		w.t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
	if out != nil {
		if err := json.Unmarshal(answer.Body.Bytes(), out); err != nil {
			w.t.Fatalf("%s %s: %v in %s", method, path, err, answer.Body)
		}
	}
}

// Publish publishes a message, of schema version 1, from a service's database: what
// a stand-in has to say.
func (w *World) Publish(service, typ, key string, data any) {
	w.t.Helper()
	must(w.t, w.DB(service).Do(w.t.Context(), func(tx *store.Tx) error { return outbox.Publish(tx, typ, 1, key, data) }))
}

// Lag is how many messages of producer's log consumer has yet to apply, those that are
// held left out.
func (w *World) Lag(consumer, producer string) int64 {
	w.t.Helper()
	sources := w.life().sources
	i := slices.IndexFunc(sources, func(s *settle.Source) bool { return s.Follower == consumer && s.Log() == store.LogName(producer) })
	if i < 0 {
		w.t.Fatalf("%s does not follow %s", consumer, producer)
	}
	return sources[i].Lag()
}
