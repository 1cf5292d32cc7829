package bailiwicktest

import (
	"net/http"
	"sync"
	"testing"

	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Service is how a service is made: with what its main function would make it.
type Service struct {
	// Name is the service's name, and the owner of its database.
	Name string
	// Migrations are its schema.
	Migrations []store.Migration
	// New makes the service on its database. nil makes a stand-in that only has a log:
	// [World.Publish] speaks for it.
	New func(*store.DB) (*service.Service, error)
}

// World is a number of services that run in one group, each on a private database,
// under a clock that only the test moves.
type World struct {
	// Clock is everybody's time.
	Clock *Clock

	t        testing.TB
	services []Service
	dir      string
	places   map[string]place // of the databases, by owner

	mu     sync.RWMutex // held to crash and start again
	now    *life
	ended  bool
	broken sync.Map // fault by target
	holds  sync.Map // *hold by target
	deaths sync.WaitGroup
}

// A target is messages of one type on their way to one service.
type target struct{ service, typ string }

// Run starts services on new databases and returns once they take requests. They are
// crashed when the test ends: what a test wants done it settles.
//
// A service that is followed and not among them is played by a stand-in, which
// publishes only what [World.Publish] says.
func Run(t testing.TB, services ...Service) *World {
	t.Helper()
	w := &World{Clock: NewClock(), t: t, services: services, dir: t.TempDir(), places: map[string]place{}}
	w.start()
	t.Cleanup(func() {
		defer w.deaths.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ended = true
		w.now.end()
	})
	return w
}

// DB returns the database of a service. After a crash it is another one.
func (w *World) DB(name string) *store.DB {
	w.t.Helper()
	return w.life().service(w.t, name).DB
}

// Handler serves all services, each under /NAME/, whatever crashed meanwhile.
func (w *World) Handler() http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.life().handler.ServeHTTP(rw, r) })
}

// Crash ends the services as they stand, without draining, and starts them again on
// the same databases. Faults and holds stay.
//
// What a process loses with its memory is lost. A database is closed in good order
// all the same: what a power cut does to a file is the engines' own to test.
func (w *World) Crash() {
	w.t.Helper()
	w.crash(w.life())
}

// crash ends a life and begins the next one, unless that has happened.
func (w *World) crash(l *life) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == l && !w.ended {
		l.end()
		w.start()
	}
}

// life returns the present one. While the services crash it waits for the next.
func (w *World) life() *life {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.now
}
