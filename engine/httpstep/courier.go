package httpstep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/store"
)

// Options say what a Courier carries, and how.
type Options struct {
	// Name is unique among the followers of the log and of the database; "" means
	// "httpstep". It is stored; keep it when the program changes.
	Name string
	// DB is the database of the service that runs the sagas.
	DB *store.DB
	// Steps maps the types of commands, for actions and for compensations, to the
	// URLs that they are posted to.
	Steps map[string]string
	// Replies are the handlers of the orchestrator, which take the answers.
	Replies follow.Handlers
	// Token, if set, is sent as a bearer token. Over plain HTTP that is refused, but
	// to this machine itself or if Plain is set.
	Token string
	// Plain allows Token over plain HTTP: where the network itself is trusted.
	Plain bool
	// Client sends the requests; nil means one of its own. Redirections are not
	// followed: a POST that was redirected may arrive as a GET.
	Client *http.Client
	// Timeout bounds one request; 0 means 5 s.
	Timeout time.Duration
	// Patience is for how long a command is tried before it is left to the saga's
	// timer; 0 means 2 s, which outlasts a restart. The other commands of its batch,
	// and its lane, wait as long.
	Patience time.Duration
	// Concurrency is how many requests are under way at most; 0 means 16. Commands
	// of one key go one after another.
	Concurrency int
	// Lanes is how many groups of keys are apart, so that a slow request holds up
	// only the keys of its own; 0 means 4. See [follow.Follower].
	Lanes int
	// Rand is the source of jitter; nil means a randomly seeded one.
	Rand *rand.Rand
	// Logger is told of commands that were not answered; nil means the database's.
	Logger *slog.Logger
}

// Courier carries commands to services that speak only HTTP and brings back their
// answers. It is a part to run.
type Courier struct {
	opts      Options
	client    *http.Client
	endpoints map[string]*endpoint // by type of command
	slots     chan struct{}        // one for each request under way

	mu sync.Mutex // guards opts.Rand
}

// New returns a courier. Options that lack something, or an URL that is none, have
// the code [bailiwick.Invalid].
func New(opts Options) (*Courier, error) {
	opts.Name = cmp.Or(opts.Name, "httpstep")
	wrong := func(why string, args ...any) error {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "httpstep: new " + opts.Name, Err: fmt.Errorf(why, args...),
			Do: "correct the options of the courier"}
	}
	switch {
	case opts.DB == nil:
		return nil, wrong("there is no database")
	case len(opts.Steps) == 0:
		return nil, wrong("there are no steps")
	case len(opts.Replies) == 0:
		return nil, wrong("there is nobody to take the replies")
	}
	opts.Timeout = cmp.Or(opts.Timeout, 5*time.Second)
	opts.Patience = cmp.Or(opts.Patience, 2*time.Second)
	opts.Concurrency = cmp.Or(opts.Concurrency, 16)
	opts.Lanes = cmp.Or(opts.Lanes, 4)
	if opts.Logger == nil {
		opts.Logger = opts.DB.Logger()
	}
	if opts.Rand == nil {
		opts.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	c := &Courier{opts: opts, client: newClient(opts), endpoints: map[string]*endpoint{}, slots: make(chan struct{}, opts.Concurrency)}
	urls := map[string]*endpoint{}
	for typ, address := range opts.Steps {
		u, err := url.Parse(address)
		switch {
		case err != nil: // whose text may hold a password
			return nil, wrong("the URL for %s cannot be read", typ)
		case u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return nil, wrong("%q, for %s, is no http or https URL", u.Redacted(), typ)
		case opts.Token != "" && u.Scheme == "http" && !loopback(u.Hostname()) && !opts.Plain:
			return nil, wrong("the token would go over plain HTTP to %s: use https, or set Plain where the network is trusted", u.Host)
		}
		if urls[address] == nil {
			urls[address] = &endpoint{url: address, shown: u.Redacted()}
		}
		c.endpoints[typ] = urls[address]
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// newClient returns the client that the options ask for, or one that keeps as many
// connections as it may need.
func newClient(opts Options) *http.Client {
	client := &http.Client{}
	if opts.Client != nil {
		*client = *opts.Client
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = opts.Concurrency
		client.Transport = transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client
}

// Run carries commands until ctx ends, and then returns nil. It registers with the
// log first, so that no command is trimmed before it was carried. What it returns
// otherwise is what [follow.Follower.Run] does.
func (c *Courier) Run(ctx context.Context) error {
	if c.opts.Client == nil {
		defer c.client.CloseIdleConnections()
	}
	types := slices.Sorted(maps.Keys(c.opts.Steps))
	feed, err := c.opts.DB.Log().Feed(ctx, store.Subscriber{Name: c.opts.Name, Types: types})
	if err == nil {
		err = c.begin(ctx)
	}
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
			return nil
		}
		return &bailiwick.Error{Code: bailiwick.CodeOf(err), Op: "httpstep: run " + c.opts.Name, Err: err}
	}
	f := &follow.Follower{Name: c.opts.Name, DB: c.opts.DB, Source: feed, Lanes: c.opts.Lanes, Batch: batch,
		Logger: c.opts.Logger, Errand: follow.Errand{Types: types, Run: c.carry}}
	return f.Run(ctx)
}

// batch is how many commands of one lane are carried together. Their answers share
// a transaction, and wait for the slowest of them.
const batch = 64

// begin puts a courier that is new to a log where that begins today. What was
// trimmed before it came was nobody's to carry: while a saga awaits the answer to
// a command, its timer sends it again.
func (c *Courier) begin(ctx context.Context) error {
	state, err := c.opts.DB.Log().State(ctx)
	if err != nil || state.Low == 0 {
		return err
	}
	at := bailiwick.Position{Epoch: state.Epoch, Seq: state.Low}
	return c.opts.DB.Do(ctx, func(tx *store.Tx) error {
		if err := tx.Lock("follow/" + c.opts.Name); err != nil {
			return err
		}
		all, err := tx.Positions()
		if err != nil || slices.ContainsFunc(all, func(p store.FollowerPosition) bool { return p.Follower == c.opts.Name }) {
			return err
		}
		for lane := range c.opts.Lanes {
			row := store.FollowerPosition{Follower: c.opts.Name, Lane: lane, Lanes: c.opts.Lanes, Position: at}
			if err := tx.Move(bailiwick.Position{}, row); err != nil {
				return err
			}
		}
		return nil
	})
}
