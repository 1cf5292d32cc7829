package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/prometheus"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/service/guard"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/service/trace"
	"github.com/bailiwick/bailiwick/store"
)

// runningShop is the shop, or one service of it, in this process.
type runningShop struct {
	files     []string                // its SQLite files, which tell where the admin socket is
	socketDir string                  // where that is put
	listening func(base string) error // is told the address, if it is not nil
	services  []*service.Service
	group     *service.Group
	clients   *shop.Clients
}

// openShop opens the databases in a directory and puts the services together. slow
// is the duration from which a query is logged; 0 means the store's default.
func openShop(ctx context.Context, dir string, logs io.Writer, verbose bool, slow time.Duration) (*runningShop, error) {
	s := &runningShop{socketDir: filepath.Join(dir, "admin")}
	e := newEquipment(logs, verbose)
	services, err := shop.Open(ctx, func(ctx context.Context, name string, migrations []store.Migration) (*store.DB, error) {
		file := filepath.Join(dir, name+".db")
		s.files = append(s.files, file)
		opts := e.store(name)
		opts.SlowQuery = slow
		return sqlite.Open(ctx, file, sqlite.Options{Owner: name, Migrations: migrations, Store: opts})
	})
	if err == nil {
		err = s.equip(e, service.Options{}, services...)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// equipment is what services are watched with.
type equipment struct {
	logger  *slog.Logger
	metrics map[string]*prometheus.Metrics
}

func newEquipment(logs io.Writer, verbose bool) *equipment {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return &equipment{slog.New(trace.LogHandler(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: level}))), map[string]*prometheus.Metrics{}}
}

// store returns the options with which the database of a service is watched.
func (e *equipment) store(name string) store.Options {
	e.metrics[name] = prometheus.New(name)
	return store.Options{Logger: e.logger.With("service", name), Observer: e.metrics[name]}
}

// equip puts opened services together, with their metrics. It closes them if it
// fails.
func (s *runningShop) equip(e *equipment, opts service.Options, services ...*service.Service) (err error) {
	opts.Logger, opts.Metrics = e.logger, map[string]http.Handler{}
	opts.Feed = func(log *store.Log) http.Handler {
		return httpfeed.Handler(log, httpfeed.ServerOptions{Readers: guard.Follows})
	}
	for _, one := range services {
		m := e.metrics[one.Name]
		opts.Metrics[one.Name] = m.Handler()
		err = errors.Join(err, m.Watch(one.DB), m.Count("bailiwick_sagas", "Sagas that have not ended, by state.", "state",
			func(ctx context.Context) (map[string]int, error) {
				status, err := admin.Inspect(ctx, one.DB)
				return status.Sagas, err
			}))
	}
	if err == nil {
		s.group, err = service.NewGroup(opts, services...)
	}
	if err != nil {
		return errors.Join(err, shop.Close(services))
	}
	s.services, s.clients = services, shop.InProcess(s.group.Handler())
	return nil
}

// run runs the shop until work returns or ctx ends, serves it at an address (nil
// means not at all), and closes it. work is called once the shop takes requests,
// with its URL.
func (s *runningShop) run(ctx context.Context, at *listenFlags, work func(ctx context.Context, base string) error) (err error) {
	defer func() { err = errors.Join(err, shop.Close(s.services)) }()
	base, server, listener := "", new(http.Server), net.Listener(nil)
	if at != nil {
		var door *guard.Guard
		if door, listener, err = at.listen(ctx); err != nil {
			return err
		}
		defer listener.Close()
		base, server = door.URL(listener), door.Server(listener, s.group.Handler())
		if s.listening != nil {
			if err := s.listening(base); err != nil {
				return err
			}
		}
	}
	socket, closeAdmin, err := s.serveAdmin()
	if err != nil {
		return err
	}
	defer closeAdmin()
	for _, file := range s.files {
		if err := sqlite.Announce(file, socket); err != nil {
			return err
		}
	}

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	all, ctx := errgroup.WithContext(ctx)
	if listener != nil {
		all.Go(func() error {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	all.Go(func() error {
		defer server.Close() // once the group has drained nobody is being served
		return s.group.Run(ctx)
	})
	all.Go(func() error {
		defer stop()
		if awaitReady(ctx, s.group.Ready) != nil {
			return nil // stopped, or the group tells why it did not start
		}
		return work(ctx, base)
	})
	return all.Wait()
}

// awaitReady returns once the shop takes requests, as ready says.
func awaitReady(ctx context.Context, ready func(ctx context.Context) error) error {
	for ready(ctx) != nil && ctx.Err() == nil {
		settle.Pause(ctx)
	}
	return ctx.Err()
}

// socketLimit is what every system allows for the path of a unix socket.
const socketLimit = 100

// serveAdmin serves the owner's operations on a unix socket that only this user
// can open: it lies in a directory of mode 0700 before it is there itself.
func (s *runningShop) serveAdmin() (socket string, stop func(), err error) {
	dir := s.socketDir
	if dir == "" {
		return "", func() {}, nil // a database that is no file is changed beside its owners
	}
	if len(dir) > socketLimit-len("/admin.sock") {
		dir, err = os.MkdirTemp("", "bailiwick-")
	} else {
		err = errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)) // a killed process leaves its socket
	}
	if err != nil {
		return "", nil, err
	}
	socket = filepath.Join(dir, "admin.sock")
	listener, err := net.Listen("unix", socket)
	if err == nil {
		err = os.Chmod(socket, 0o600)
	}
	if err != nil {
		return "", nil, errors.Join(err, os.RemoveAll(dir))
	}
	dbs := make([]*store.DB, len(s.services))
	for i, one := range s.services {
		dbs[i] = one.DB
	}
	server := &http.Server{Handler: admin.Handler(dbs...), ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends when it is closed
	}()
	return socket, func() {
		_ = server.Close()
		<-done
		_ = os.RemoveAll(dir)
	}, nil
}
