// Package serve runs services behind one address: what the main function of a
// service does when nothing is special about it.
package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service"
)

// Run runs services in a group and serves them at addr, each under /NAME/ and beside
// what [service.Group.Handler] serves, until ctx ends. Then it drains and returns
// nil. The databases are the caller's to close.
//
// The address is one of this machine alone ("127.0.0.1:8080", "localhost:0"), because
// whoever reaches it may read the services' state: another has the code
// [bailiwick.Invalid]. An address that cannot be had has the code
// [bailiwick.Unavailable].
func Run(ctx context.Context, addr string, services ...*service.Service) error {
	return RunWith(ctx, addr, service.Options{}, services...)
}

// RunWith is [Run] with a group's options. Its logger hears at which URL it listens.
func RunWith(ctx context.Context, addr string, opts service.Options, services ...*service.Service) error {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	group, err := service.NewGroup(opts, services...)
	if err != nil {
		return err
	}
	listener, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	opts.Logger.Info("listening", "url", "http://"+listener.Addr().String())
	server := &http.Server{Handler: group.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
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

var errNotLoopback = errors.New("it can be reached from other machines")

// listen listens at an address of this machine alone.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	const op = "serve: listen"
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "name another address, or port 0 for a free one"}
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return nil, errors.Join(&bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: fmt.Errorf("%s: %w", addr, errNotLoopback),
			Do: "serve 127.0.0.1, or serve the handler of a service.Group behind what guards it"}, listener.Close())
	}
	return listener, nil
}
