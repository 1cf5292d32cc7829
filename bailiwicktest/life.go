package bailiwicktest

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// patience is how long a test waits, in real time, for what ought to happen at once.
const patience = 10 * time.Second

// A life is the services from one start to the next crash.
type life struct {
	t        testing.TB
	services []*service.Service
	sources  []*settle.Source
	handler  http.Handler
	group    *service.Group
	dying    chan struct{} // closed to end it
	over     chan struct{} // closed once it has ended, for the reason err
	err      error
}

// start begins a life on the world's databases. w.mu is held, or nobody knows w yet.
func (w *World) start() {
	w.t.Helper()
	l := &life{t: w.t, dying: make(chan struct{}), over: make(chan struct{})}
	w.now = l
	for _, s := range w.services {
		l.services = append(l.services, w.make(s))
	}
	for _, name := range l.missing() {
		l.services = append(l.services, w.make(Service{Name: name}))
	}
	for _, s := range l.services {
		w.intercept(s)
	}
	if len(l.services) > 0 {
		l.services[0].Parts = append(slices.Clone(l.services[0].Parts), mortal{l.dying})
	}
	var err error
	l.group, err = service.NewGroup(service.Options{
		Logger: logger(w.t),
		Sources: func(ctx context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
			feed, err := l.service(w.t, producer).DB.Log().Feed(ctx, store.Subscriber{Name: consumer.Name, Types: types})
			if err != nil {
				return nil, err
			}
			source := &settle.Source{Source: &slowFeed{Feed: feed, world: w, service: consumer.Name}, Follower: consumer.Name}
			l.sources = append(l.sources, source)
			return source, nil
		},
		// The same jitter in every run.
		Tune: func(_ *service.Service, f *follow.Follower) { f.Rand = rand.New(rand.NewPCG(1, 2)) },
	}, l.services...)
	must(w.t, err)
	l.handler = l.group.Handler()
	go func() {
		defer close(l.over)
		l.err = l.group.Run(context.Background())
	}()
	l.awaitReady()
}

// make opens a service's database and makes the service on it.
func (w *World) make(s Service) *service.Service {
	w.t.Helper()
	at, known := w.places[s.Name]
	if !known {
		at = newPlace(w.t, w.dir, s.Name)
		w.places[s.Name] = at
	}
	db := open(w.t, s.Name, s.Migrations, settings{place: at, clock: w.Clock})
	if s.New == nil {
		return &service.Service{Name: s.Name, DB: db}
	}
	made, err := s.New(db)
	if err != nil {
		_ = db.Close()
		w.t.Fatal(err)
	}
	return made
}

// missing names the services that are followed and not there.
func (l *life) missing() (names []string) {
	for _, s := range l.services {
		for producer := range s.Follows {
			there := func(o *service.Service) bool { return o.Name == producer }
			if !slices.ContainsFunc(l.services, there) && !slices.Contains(names, producer) {
				names = append(names, producer)
			}
		}
	}
	slices.Sort(names)
	return names
}

func (l *life) awaitReady() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for l.group.Ready(ctx) != nil {
		select {
		case <-l.over:
			l.t.Fatalf("the services did not start: %v", l.err)
		case <-ctx.Done():
			l.t.Fatal("the services did not start")
		default:
			settle.Pause(ctx)
		}
	}
}

func (l *life) service(t testing.TB, name string) *service.Service {
	t.Helper()
	i := slices.IndexFunc(l.services, func(s *service.Service) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no service is named %q", name)
	}
	return l.services[i]
}

// look finds what is not at rest. It fails the test if the services have ended.
func (l *life) look(ctx context.Context) (settle.Unrest, error) {
	select {
	case <-l.over:
		l.t.Fatalf("the services ended: %v", l.err)
	default:
	}
	dbs := make([]*store.DB, len(l.services))
	for i, s := range l.services {
		dbs[i] = s.DB
	}
	return settle.Look(ctx, dbs, l.sources)
}

func (l *life) isDying() bool {
	select {
	case <-l.dying:
		return true
	default:
		return false
	}
}

// end ends the life without draining, and closes its databases.
func (l *life) end() {
	l.t.Helper()
	close(l.dying)
	select {
	case <-l.over:
		if !errors.Is(l.err, errKilled) {
			l.t.Errorf("the services had ended: %v", l.err)
		}
	case <-time.After(patience):
		l.t.Fatal("the services do not end")
	}
	for _, s := range slices.Backward(l.services) {
		if err := s.DB.Close(); err != nil {
			l.t.Error(err)
		}
	}
}

// mortal is the part whose failure ends a group without draining.
type mortal struct{ dying chan struct{} }

var errKilled = errors.New("the test ended the services")

// Run fails once its group is to die.
func (m mortal) Run(ctx context.Context) error {
	select {
	case <-m.dying:
		return errKilled
	case <-ctx.Done():
		return nil
	}
}
