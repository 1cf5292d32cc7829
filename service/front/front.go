// Package front puts services that run in processes of their own under one address,
// by path: what comes for /order/… goes to a process that runs order. A program that
// knows the shop in one process need not notice that it runs in seven.
//
// It is a plain reverse proxy for a machine or a test; in front of a fleet stands the
// balancer that is there already.
package front

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service/settle"
)

// Options tune a Front. The zero value is ready to use.
type Options struct {
	// Logger hears of requests that reached nobody, at debug level; nil means
	// slog.Default().
	Logger *slog.Logger
	// Clock is where time comes from; nil means the system's.
	Clock bailiwick.Clock
}

// Front passes requests on to the services behind it.
type Front struct {
	opts      Options
	names     []string
	proxy     *httputil.ReverseProxy
	transport *http.Transport
	under     atomic.Int64 // requests under way that a drain waits for
	draining  atomic.Bool

	mu       sync.Mutex
	services map[string]*pool
}

// pool is where the instances of one service are.
type pool struct {
	instances []*instance
	next      int
}

type instance struct {
	base  *url.URL
	avoid time.Time // until then others are asked first: nobody listened there
}

// avoidFor is for how long an instance that did not listen is asked last.
const avoidFor = time.Second

// New returns a front of the named services, all of them away until [Front.Set]
// says where they are.
func New(opts Options, names ...string) *Front {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Clock == nil {
		opts.Clock = bailiwick.SystemClock{}
	}
	f := &Front{opts: opts, names: names, services: map[string]*pool{}, transport: &http.Transport{
		MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second, DisableCompression: true}}
	for _, name := range names {
		f.services[name] = &pool{}
	}
	f.proxy = f.reverseProxy()
	return f
}

// Set says where the instances of a service are, each as the address under which it
// serves /NAME/: "http://127.0.0.1:8081". None means that the service is away.
func (f *Front) Set(name string, bases ...string) error {
	p := &pool{}
	for _, base := range bases {
		u, err := url.Parse(base)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return &bailiwick.Error{Code: bailiwick.Invalid, Op: "front: set " + name, Err: fmt.Errorf("%q is no address", base), Do: "write http://HOST:PORT"}
		}
		p.instances = append(p.instances, &instance{base: u})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.services[name] == nil {
		return &bailiwick.Error{Code: bailiwick.NotFound, Op: "front: set " + name, Err: errors.New("there is no such service")}
	}
	f.services[name] = p
	return nil
}

// pick returns an instance of a service: each in turn, those that did not listen
// lately last; nil where it is away.
func (f *Front) pick(name string) *instance {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := f.services[name]
	if p == nil || len(p.instances) == 0 {
		return nil
	}
	now := f.opts.Clock.Now()
	for range p.instances {
		one := p.instances[p.next%len(p.instances)]
		p.next++
		if !now.Before(one.avoid) {
			return one
		}
	}
	return p.instances[p.next%len(p.instances)]
}

// missed notes that an instance does not listen.
func (f *Front) missed(one *instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one.avoid = f.opts.Clock.Now().Add(avoidFor)
}

// Drain refuses requests to the services' APIs from now on, and waits for those
// under way and then until nothing moves between the services any more. Feeds and
// inspection are served as before. When ctx ends first, the code is
// [bailiwick.Unavailable].
func (f *Front) Drain(ctx context.Context) error {
	f.draining.Store(true)
	for f.under.Load() > 0 && ctx.Err() == nil {
		settle.Pause(ctx)
	}
	return settle.Everywhere(ctx, f.Status)
}

// Close drops connections that nobody uses.
func (f *Front) Close() { f.transport.CloseIdleConnections() }
