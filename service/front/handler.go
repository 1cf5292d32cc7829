package front

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/service/health"
	"github.com/bailiwick/bailiwick/service/problem"
)

// Handler serves what a service.Group of the same services would: each under
// /NAME/, and for all of them /healthz/live, /healthz/ready and /status. It refuses
// requests to APIs while the front drains.
func (f *Front) Handler() http.Handler {
	mux := http.NewServeMux()
	health.Register(mux, "", f.Ready)
	mux.Handle("GET /status", health.Report(f.Status))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if aside(r.URL) {
			f.pass(w, r)
			return
		}
		f.under.Add(1) // before the flag is read: what a drain does not count is refused
		defer f.under.Add(-1)
		if f.draining.Load() {
			problem.Refuse(w, http.StatusServiceUnavailable, bailiwick.Unavailable, "the services are stopping")
			return
		}
		f.pass(w, r)
	})
	return mux
}

// Inside serves the services to each other, also while the front drains: it only
// passes on.
func (f *Front) Inside() http.Handler { return http.HandlerFunc(f.pass) }

// Ready returns nil while every service takes requests, and else why not.
func (f *Front) Ready(ctx context.Context) error {
	if f.draining.Load() {
		return errors.New("the services are stopping")
	}
	for _, name := range f.names {
		if err := f.ask(ctx, name, "/healthz/ready", nil); err != nil {
			return err
		}
	}
	return nil
}

// Status tells how each service is doing, in the order of the names. One that does
// not tell has the code [bailiwick.Unavailable]: half of the picture is none.
func (f *Front) Status(ctx context.Context) ([]admin.Status, error) {
	list := make([]admin.Status, len(f.names))
	for i, name := range f.names {
		if err := f.ask(ctx, name, "/status", &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

const (
	// askTimeout is how long a service may take to tell how it is.
	askTimeout = 5 * time.Second
	// maxAnswer bounds what is read of it, in bytes.
	maxAnswer = 8 << 20
)

// ask reads a page of a service.
func (f *Front) ask(ctx context.Context, name, page string, out any) error {
	failed := func(err error) error {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "front: ask " + name, Err: err, Do: "see whether its process runs"}
	}
	one := f.pick(name)
	if one == nil {
		return failed(errors.New("it is away"))
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, one.base.JoinPath(name, page).String(), nil)
	if err != nil {
		return failed(err)
	}
	answer, err := f.transport.RoundTrip(r)
	if err != nil {
		f.missed(one)
		return failed(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return failed(fmt.Errorf("it answers %s", answer.Status))
	}
	if out != nil {
		if err := json.NewDecoder(io.LimitReader(answer.Body, maxAnswer)).Decode(out); err != nil {
			return failed(err)
		}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer)) // to the end, so that the connection is used again
	return nil
}
