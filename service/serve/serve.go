// Package serve runs services behind one address: what the main function of a
// service does when nothing is special about it.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/guard"
)

// Options say how services run and are served. The zero value is ready to use.
type Options struct {
	// Group tunes the group. Its logger hears at which URL it listens.
	Group service.Options
	// Guard guards the listener: certificate, tokens, limits.
	Guard guard.Options
}

// Run runs services in a group and serves them at addr, each under /NAME/ and beside
// what [service.Group.Handler] serves, until ctx ends. Then it drains and returns
// nil. The databases are the caller's to close.
//
// Only this machine may reach the address ("127.0.0.1:8080", "localhost:0"): another
// one needs what [RunWith] can be given, and has the code [bailiwick.Invalid]. An
// address that cannot be had has the code [bailiwick.Unavailable].
func Run(ctx context.Context, addr string, services ...*service.Service) error {
	return RunWith(ctx, addr, Options{}, services...)
}

// RunWith is [Run] with options.
func RunWith(ctx context.Context, addr string, opts Options, services ...*service.Service) error {
	if opts.Group.Logger == nil {
		opts.Group.Logger = slog.Default()
	}
	group, err := service.NewGroup(opts.Group, services...)
	if err != nil {
		return err
	}
	guarded, err := guard.New(opts.Guard)
	if err != nil {
		return err
	}
	listener, err := guarded.Listen(ctx, addr)
	if err != nil {
		return err
	}
	opts.Group.Logger.Info("listening", "url", guarded.URL(listener))
	server := guarded.Server(listener, group.Handler())
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
