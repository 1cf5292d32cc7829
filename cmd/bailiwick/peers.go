package main

import (
	"context"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// peers says where the other services are, and how to read from them.
type peers struct {
	all  string
	each []string
	dial dialFlags
}

// register adds the flags to a command.
func (p *peers) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.all, "peers", "", "address under which all services are, each at /NAME/: http://HOST:PORT")
	cmd.Flags().StringArrayVar(&p.each, "peer", nil, "address of one service, NAME=http://HOST:PORT, where it is at /NAME/; may be repeated")
	p.dial.register(cmd)
}

// check finds out whether it is said where every service is that name follows.
func (p *peers) check(name string) error {
	if !slices.Contains(shop.Names(), name) {
		return usagef("there is no service %q: name one of %s", name, strings.Join(shop.Names(), ", "))
	}
	for _, one := range p.each {
		if producer, _, ok := strings.Cut(one, "="); !ok || !slices.Contains(shop.Names(), producer) {
			return usagef("--peer wants NAME=http://HOST:PORT, not %q", one)
		}
	}
	for _, producer := range shop.Producers(name) {
		base := p.base(producer)
		if base == "" {
			return usagef("where is %s, whose log %s follows? name it with --peer %s=URL, or all with --peers URL", producer, name, producer)
		}
		if u, err := url.Parse(base); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || strings.ContainsAny(base, "?#") {
			return usagef("the address of %s is no http://HOST:PORT", producer)
		}
	}
	return nil
}

// base returns the address at which a service is at /NAME/; "" if nobody said.
func (p *peers) base(name string) string {
	for _, one := range p.each {
		if base, ok := strings.CutPrefix(one, name+"="); ok {
			return strings.TrimSuffix(base, "/")
		}
	}
	return strings.TrimSuffix(p.all, "/")
}

// sources makes what a group reads a log from.
type sources = func(ctx context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error)

// sources returns what a group reads the logs of its peers from.
func (p *peers) sources(logger *slog.Logger) (sources, error) {
	client, token, err := p.dial.client()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
		feed, err := httpfeed.New(httpfeed.Options{
			URL: p.base(producer) + "/" + producer + "/feed", Log: store.LogName(producer), Follower: consumer.Name, Types: types,
			Client: client, Token: token, Plain: p.dial.plain,
		})
		if err != nil {
			return nil, err
		}
		return feed, register(ctx, logger, consumer, feed)
	}, nil
}

// The pauses between two attempts to reach a producer.
const (
	firstKnock = 50 * time.Millisecond
	saidKnock  = 800 * time.Millisecond // the pause from which it is told
	lastKnock  = 2 * time.Second
)

// register returns once the log knows that the service follows it, for as long as
// the producer may be away. A service that has followed the log before is known
// there, and does not wait.
func register(ctx context.Context, logger *slog.Logger, consumer *service.Service, feed *httpfeed.Feed) error {
	known := false
	err := consumer.DB.Read(ctx, func(tx *store.Tx) (err error) {
		_, known, err = tx.Position(feed.Log(), 0)
		return err
	})
	pause := firstKnock
	for err == nil && !known {
		_, err = feed.Read(ctx, bailiwick.Position{}, 1) // a reader is registered by its first request
		if bailiwick.CodeOf(err) != bailiwick.Unavailable || ctx.Err() != nil {
			// It has answered. What it says of the position is the follower's to judge.
			if code := bailiwick.CodeOf(err); code == bailiwick.Gone || code == bailiwick.Forked {
				err = nil
			}
			return err
		}
		if pause == saidKnock {
			logger.Info("waiting for a log", "service", consumer.Name, "log", feed.Log(), "err", err)
		}
		err = nil
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, lastKnock)
	}
	return err
}
