// Package shoptest drives one service of the shop alone, by hand, as
// [bailiwicktest.Alone] does, and calls its API in process. It also finds the large
// file that tests of the whole shop replay.
//
//	build := shoptest.Build{Name: delivery.Name, Migrations: delivery.Migrations, New: delivery.New}
//	build.OnEach(t, &server, func(t *testing.T, s *shoptest.Service) {
//		reply, err := s.Do(deliveryapi.Schedule, "order-1", "deliver", consignment)
//		…
//	})
package shoptest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Service is a service under test.
type Service struct {
	*bailiwicktest.Alone
	t testing.TB
}

// A Build is how a service is made: its schema, and the service on its database.
type Build struct {
	Name       string
	Migrations func() ([]store.Migration, error)
	New        func(*store.DB) (*service.Service, error)
}

// A Server gives tests empty databases of PostgreSQL, or skips them.
type Server interface {
	// Database returns the URL of one, which ends with the test.
	Database(t testing.TB) string
}

// OnEach runs a test on the service with each engine: SQLite, and PostgreSQL where
// tests with a server run.
func (b Build) OnEach(t *testing.T, server Server, test func(t *testing.T, s *Service)) {
	t.Run("sqlite", func(t *testing.T) { test(t, b.OnSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, b.at(t, server.Database(t))) })
}

// OnSQLite makes the service on a database in a temporary file, which ends with the
// test.
func (b Build) OnSQLite(t testing.TB) *Service {
	t.Helper()
	return b.at(t, filepath.Join(t.TempDir(), b.Name+".db"))
}

// at makes the service on the database at a place.
func (b Build) at(t testing.TB, place string) *Service {
	t.Helper()
	schema, err := b.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	built, err := b.New(bailiwicktest.Open(t, b.Name, schema, bailiwicktest.At(place)))
	if err != nil {
		t.Fatal(err)
	}
	return &Service{Alone: bailiwicktest.NewAlone(t, built), t: t}
}

// Do hands the service the command of a saga's step, from the order service, and
// returns its reply. The saga's id and the step are what makes it the same command
// again.
func (s *Service) Do(typ, saga, step string, data any) (bailiwicktest.Reply, error) {
	s.t.Helper()
	return s.Alone.Do("order", typ, saga, step, data)
}

// Undo hands the service the command that takes a step back.
func (s *Service) Undo(typ, saga, step string, data any) (bailiwicktest.Reply, error) {
	s.t.Helper()
	return s.Alone.Undo("order", typ, saga, step, data)
}

// Client calls the service's API in process.
func (s *Service) Client() web.Client {
	return web.Client{Base: "http://" + s.Name, HTTP: &http.Client{Transport: web.Transport{Handler: s.API}}}
}

// Request sends a request as it is and returns the status and the answer.
func (s *Service) Request(method, path, body string, headers http.Header) (status int, answer string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, bytes.NewBufferString(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range headers {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	s.API.ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return w.Code, string(text)
}

// Refused sends a request and fails the test unless it is refused with this status
// as a problem detail.
func (s *Service) Refused(method, path, body string, status int) {
	s.t.Helper()
	got, answer := s.Request(method, path, body, nil)
	var p web.Problem
	if err := json.Unmarshal([]byte(answer), &p); err != nil || got != status || p.Status != status || p.Code == "" {
		s.t.Errorf("%s %s %s: status %d, %s; want the problem %d", method, path, body, got, answer, status)
	}
}
