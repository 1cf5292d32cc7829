package bank

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/guard"
	"github.com/bailiwick/bailiwick/store"
)

//go:embed schema
var schema embed.FS

// An Opener opens the database of a service, on whatever engine.
type Opener func(ctx context.Context, owner string, migrations []store.Migration, opts store.Options) (*store.DB, error)

// Options say which service runs where. Open must be set.
type Options struct {
	// Service is one of [Services]; "" means all four in this process, which then
	// read each other's logs directly.
	Service string
	// Open opens the databases.
	Open Opener
	// Listening is told the address, as a URL, before any request is taken: one of this
	// machine, with a free port.
	Listening func(url string) error
	// Peers are the addresses of the processes of the services whose logs are
	// followed, by name, each with its service at /NAME/: "http://127.0.0.1:41001".
	Peers map[string]string
	// Clock is everybody's time in this process; nil means one of its own.
	Clock *Clock
	// Logger is told of troubles; nil means slog.Default().
	Logger *slog.Logger
}

// made tells of each service how it is made, and who follows its log: what a log is
// told when its database is opened, so that it waits for all of them.
var made = map[string]struct {
	build     func(*store.DB, *Clock) (*service.Service, error)
	followers []string
}{
	Order:   {newOrder, []string{Wallet, Payouts}},
	Wallet:  {newWallet, []string{Order, Ledger}},
	Ledger:  {newLedger, nil},
	Payouts: {newPayout, []string{Order}},
}

// Producers returns the services whose logs a service follows, sorted.
func Producers(service string) (names []string) {
	for name, m := range made {
		if slices.Contains(m.followers, service) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// openService opens the database of a service and makes the service on it.
func openService(ctx context.Context, name string, open Opener, clock *Clock, logger *slog.Logger) (*service.Service, error) {
	m, ok := made[name]
	if !ok {
		return nil, &bailiwick.Error{Code: bailiwick.NotFound, Op: "bank: open", Err: errors.New("there is no service " + name), Do: "name order, wallet, ledger or payout"}
	}
	migrations, err := store.Migrations(schema, "schema/"+name)
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, name, migrations, store.Options{
		Clock: clock, Logger: logger.With("service", name), SlowQuery: -1, // a process that was stopped would only tell of that
		Retention: store.Retention{Forever: []string{walletMoved}, Every: 500 * time.Millisecond},
	})
	if err != nil {
		return nil, err
	}
	s, err := (*service.Service)(nil), db.Log().Expect(ctx, m.followers...)
	if err == nil {
		s, err = m.build(db, clock)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// tune gives a follower its lanes, and the patience of somebody who is broken all the
// time. Ledger has one lane, so that its position is one number; wallet takes few
// messages at once, because transactions of several lanes may lock accounts crosswise,
// but not one at a time: each would be a request to order's feed.
func tune(consumer *service.Service, f *follow.Follower) {
	f.Lanes = 4
	f.Retry = follow.Retry{First: 20 * time.Millisecond, Max: 500 * time.Millisecond, Attempts: 20}
	switch {
	case consumer.Name == Ledger:
		f.Lanes = 1
	case consumer.Name == Wallet && consumer.DB.Capabilities().Shared:
		f.Batch = 16
	}
}

// Serve runs one service, or all, until ctx ends; then it lets what is under way come
// to rest, for a few seconds, closes the databases and returns nil.
func Serve(ctx context.Context, opts Options) (err error) {
	if opts.Clock == nil {
		opts.Clock = NewClock()
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	names := Services()
	if opts.Service != "" {
		names = []string{opts.Service}
	}
	var services []*service.Service
	defer func() {
		for _, s := range services {
			err = errors.Join(err, s.DB.Close())
		}
	}()
	for _, name := range names {
		s, err := openService(ctx, name, opts.Open, opts.Clock, opts.Logger)
		if err != nil {
			return err
		}
		services = append(services, s)
	}
	groupOptions := service.Options{Logger: opts.Logger, Tune: tune, DrainTimeout: 3 * time.Second,
		Feed: func(log *store.Log) http.Handler {
			return httpfeed.Handler(log, httpfeed.ServerOptions{Readers: guard.Follows})
		}}
	if opts.Service != "" {
		groupOptions.Sources = opts.source
	}
	group, err := service.NewGroup(groupOptions, services...)
	if err != nil {
		return err
	}
	return opts.listen(ctx, group)
}

// source reads the log of a peer. Nobody has to be there: each log is told who will
// follow it when its database is opened.
func (opts Options) source(_ context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
	return httpfeed.New(httpfeed.Options{
		URL: opts.Peers[producer] + "/" + producer + "/feed", Log: store.LogName(producer), Follower: consumer.Name, Types: types,
		Wait: time.Second, Patience: 2 * time.Second, // what was cut is to be noticed soon, and a busy machine is not cut
	})
}

// listen serves the group until ctx ends.
func (opts Options) listen(ctx context.Context, group *service.Group) error {
	door, err := guard.New(guard.Options{}) // this machine alone gets in, so nobody is asked for a token
	if err != nil {
		return err
	}
	listener, err := door.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer listener.Close()
	if opts.Listening != nil {
		if err := opts.Listening(door.URL(listener)); err != nil {
			return err
		}
	}
	server := door.Server(listener, group.Handler())
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	all.Go(func() error {
		defer server.Close() // once the group has drained nobody is being served
		return group.Run(ctx)
	})
	return all.Wait()
}
