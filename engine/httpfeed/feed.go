package httpfeed

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Options say which feed to follow, and as whom.
type Options struct {
	// URL is where the log is served: "http://127.0.0.1:8080/order/feed".
	URL string
	// Log is the log's name, "order/outbox". Another log under that URL is refused.
	Log string
	// Follower is the name under which the log holds messages back: that of the
	// service that follows. Empty means that it holds nothing back.
	Follower string
	// Types are those that the follower handles; empty means all. Messages of other
	// types are not sent.
	Types []string
	// Token is sent as the bearer token, if it is not empty. Over plain HTTP that
	// is refused, but to this machine itself or if Plain is set.
	Token string
	// Plain allows Token over plain HTTP: where the network itself is trusted.
	Plain bool
	// Client makes the requests; nil means one of its own. A timeout of the client
	// has to be longer than Wait. Redirections are not followed.
	Client *http.Client
	// Wait is how long a request may wait for a message; 0 means 25 s.
	Wait time.Duration
	// Patience is how long the server may be silent beyond that, and between two
	// pieces of an answer; 0 means 10 s.
	Patience time.Duration
	// MaxBytes bounds an answer's body; 0 means 64 MiB. A larger one fails.
	MaxBytes int64
}

// Feed is a log as a follower in another process reads it; it implements
// follow.Source. It may be used by several goroutines at once: they share what was
// fetched, and what they wait for.
//
// In a batch, the place of each message that was left out, because it is of another
// type, is taken by one that has a position and nothing else.
type Feed struct {
	opts   Options
	base   *url.URL
	client http.Client
	own    bool // its connections are ours to close

	mu     sync.Mutex
	acked  bailiwick.Position
	head   int64
	window window
	calls  []*call
}

// New returns a feed. It does not connect yet. The code of its error is
// [bailiwick.Invalid].
func New(opts Options) (*Feed, error) {
	wrong := func(why string, args ...any) (*Feed, error) {
		return nil, &bailiwick.Error{Code: bailiwick.Invalid, Op: "httpfeed: new", Err: fmt.Errorf(why, args...)}
	}
	base, err := url.Parse(opts.URL)
	switch {
	case err != nil:
		return wrong("the URL of the feed cannot be read") // its text may hold a password
	case base.Scheme != "http" && base.Scheme != "https" || base.Host == "":
		return wrong("the URL of the feed, %s, is not http://HOST/PATH or https://HOST/PATH", base.Redacted())
	case base.RawQuery != "" || base.Fragment != "":
		return wrong("the URL of the feed, %s, has a query", base.Redacted())
	case opts.Log == "":
		return wrong("the log's name is missing")
	case opts.Token != "" && base.Scheme == "http" && !opts.Plain && !loopback(base.Hostname()):
		return wrong("the token would go over plain HTTP to %s: use https, or set Plain where the network is trusted", base.Host)
	}
	if opts.Wait <= 0 {
		opts.Wait = 25 * time.Second
	}
	if opts.Patience <= 0 {
		opts.Patience = 10 * time.Second
	}
	if opts.MaxBytes <= 0 {
		opts.MaxBytes = 64 << 20
	}
	f := &Feed{opts: opts, base: base, head: -1}
	if opts.Client != nil {
		f.client = *opts.Client
	} else {
		f.own = true
		f.client.Transport = &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: opts.Patience}).DialContext,
			TLSHandshakeTimeout: opts.Patience,
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 8,
			IdleConnTimeout:     time.Minute,
			ReadBufferSize:      64 << 10,
		}
	}
	// The token goes to no other place than the one that was named.
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return f, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// Log returns the log's name.
func (f *Feed) Log() string { return f.opts.Log }

// Head returns the last seq that the server has told of; -1 before its first answer.
func (f *Feed) Head() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head
}

// Ack tells the log, with the next request, that everything up to p is committed.
func (f *Feed) Ack(p bailiwick.Position) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.Epoch > f.acked.Epoch || p.Epoch == f.acked.Epoch && p.Seq > f.acked.Seq {
		f.acked = p
	}
}

// Read returns the messages after a position, at most limit of them.
//
//   - [bailiwick.Gone]: the position was trimmed; the error tells the low-water mark
//   - [bailiwick.Forked]: it lies in a past that the log does not continue
//   - [bailiwick.Invalid]: the server refuses this reader, or is no such feed
//   - [bailiwick.Unavailable]: it did not answer; try again later
func (f *Feed) Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	f.mu.Lock()
	batch, again, ok := f.window.read(after, limit)
	f.mu.Unlock()
	if ok {
		return batch, nil
	}
	run, err := f.fetch(ctx, after, 0, limit)
	if err != nil {
		return bailiwick.Batch{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	run.believed = run.believed || again
	batch, _, ok = f.window.read(after, limit)
	if !ok { // others have read on so far that it was dropped
		batch = run.batch(0, limit)
	}
	return batch, nil
}

// Wait returns nil once there is something after a position.
func (f *Feed) Wait(ctx context.Context, after bailiwick.Position) error {
	for {
		f.mu.Lock()
		there := f.window.covers(after) || f.head > after.Seq
		f.mu.Unlock()
		if there {
			return nil
		}
		run, err := f.fetch(ctx, after, f.opts.Wait, 0)
		if err != nil {
			return err
		}
		if run.through.Seq > after.Seq {
			return nil
		}
	}
}

// Close ends the connections that are kept for later requests. What is under way
// ends with its context.
func (f *Feed) Close() error {
	if f.own {
		f.client.CloseIdleConnections()
	}
	return nil
}
