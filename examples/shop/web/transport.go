package web

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// Transport sends requests straight to a handler in this process, on the caller's
// goroutine: the same API without sockets, for tests, for the replay and for the
// demo. It is an http.RoundTripper.
type Transport struct {
	// Handler serves the requests.
	Handler http.Handler
}

// RoundTrip has the handler serve the request and returns what it wrote. The
// request's context goes to the handler; one that has ended is not served.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	served := *req // handlers may set what a RoundTripper must not
	if served.Body == nil {
		served.Body = http.NoBody
	}
	served.RequestURI = req.URL.RequestURI()
	served.RemoteAddr = "in-process"
	if served.Host == "" {
		served.Host = req.URL.Host
	}
	answer := &answer{header: http.Header{}}
	t.Handler.ServeHTTP(answer, &served)
	answer.WriteHeader(http.StatusOK) // unless one was written
	return &http.Response{
		Status:        strconv.Itoa(answer.status) + " " + http.StatusText(answer.status),
		StatusCode:    answer.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        answer.sent,
		Body:          io.NopCloser(&answer.body),
		ContentLength: int64(answer.body.Len()),
		Request:       req,
	}, nil
}

// answer collects what a handler writes.
type answer struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status, a.sent = status, a.header.Clone()
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}
