// Package shoptest drives one service of the shop alone: its database is
// temporary, messages are handed to its handlers as a follower would hand them,
// sagas' answers are read from its log, and its API is called in process.
//
//	build := shoptest.Build{Name: delivery.Name, Migrations: delivery.Migrations, New: delivery.New}
//	build.OnEach(t, &server, func(t *testing.T, s *shoptest.Service) {
//		reply, err := s.Do(deliveryapi.Schedule, "order-1", "deliver", consignment)
//		…
//	})
package shoptest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop/web"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Service is a service under test.
type Service struct {
	*service.Service
	t    testing.TB
	feed *store.Feed
	read bailiwick.Position
	ids  bailiwick.IDs
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
	t.Run("postgres", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), server.Database(t), postgres.Options{Owner: b.Name, Migrations: b.schema(t)})
		if err != nil {
			t.Fatal(err)
		}
		test(t, b.on(t, db))
	})
}

// OnSQLite makes the service on a database in a temporary file, which ends with the
// test.
func (b Build) OnSQLite(t testing.TB) *Service {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), b.Name+".db"),
		sqlite.Options{Owner: b.Name, Migrations: b.schema(t), Synchronous: sqlite.Off})
	if err != nil {
		t.Fatal(err)
	}
	return b.on(t, db)
}

func (b Build) schema(t testing.TB) []store.Migration {
	t.Helper()
	schema, err := b.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func (b Build) on(t testing.TB, db *store.DB) *Service {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- db.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	built, err := b.New(db)
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{Service: built, t: t}
	if s.feed, err = db.Log().Feed(ctx, store.Subscriber{Name: "test", BestEffort: true}); err != nil {
		t.Fatal(err)
	}
	return s
}

// Event hands the service an event of another service.
func (s *Service) Event(producer, typ string, data any) error {
	s.t.Helper()
	return s.handle(producer, typ, data)
}

// A Reply is what a participant answered.
type Reply struct {
	// Outcome is done, rejected or late.
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail"`
	// Step is the step that it belongs to.
	Step string `json:"step"`
}

// Do hands the service the command of a saga's step, from the order service, and
// returns its reply. The saga's id and the step are what makes it the same command
// again.
func (s *Service) Do(typ, saga, step string, data any) (Reply, error) {
	s.t.Helper()
	return s.command(typ, saga, step, "do", data)
}

// Undo hands the service the command that takes a step back.
func (s *Service) Undo(typ, saga, step string, data any) (Reply, error) {
	s.t.Helper()
	return s.command(typ, saga, step, "undo", data)
}

// command writes the data of a command as docs/formats/saga.md describes it.
func (s *Service) command(typ, saga, step, op string, data any) (Reply, error) {
	s.t.Helper()
	err := s.handle("order", typ, map[string]any{
		"saga": "test", "id": saga, "step": step, "op": op, "reply_to": "order.saga.reply", "data": data,
	})
	if err != nil {
		return Reply{}, err
	}
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if err := s.feed.Wait(ctx, s.read); err != nil {
		s.t.Fatalf("%s was not answered: %v", typ, err)
	}
	batch, err := s.feed.Read(ctx, s.read, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	s.read = batch.Through
	if len(batch.Messages) != 1 {
		s.t.Fatalf("%s was answered %d times", typ, len(batch.Messages))
	}
	var reply Reply
	if err := json.Unmarshal(batch.Messages[0].Data, &reply); err != nil {
		s.t.Fatal(err)
	}
	if reply.Step != step {
		s.t.Fatalf("step %s was answered as %s", step, reply.Step)
	}
	return reply, nil
}

func (s *Service) handle(producer, typ string, data any) error {
	s.t.Helper()
	handler := s.Follows[producer][typ]
	if handler == nil {
		s.t.Fatalf("%s does not handle %s of %s", s.Name, typ, producer)
	}
	body, err := json.Marshal(data)
	if err != nil {
		s.t.Fatal(err)
	}
	m := &bailiwick.Message{ID: s.ids.New(), Log: store.LogName(producer), Epoch: 1, Key: "k", Type: typ, Version: 1, Data: body}
	return s.DB.Do(context.Background(), func(tx *store.Tx) error {
		return tx.Handling(m, func() error { return handler(tx, m) })
	})
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
