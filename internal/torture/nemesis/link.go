package nemesis

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
)

// Link is an HTTP connection between two parties as a network may be: everything that
// one sends to [Link.URL] goes on to the other, and troubles befall it on the way. It
// is a proxy in this process, on the loopback.
type Link struct {
	name      string
	listener  net.Listener
	server    *http.Server
	transport *http.Transport
	served    chan struct{}

	target atomic.Pointer[[]string] // where it leads, without a slash at the end
	turn   atomic.Uint64            // counts requests: targets take turns, and troubles befall some

	mu     sync.Mutex
	active map[Kind]int
	change chan struct{} // closed and replaced when a trouble begins or ends
	conns  map[*conn]bool

	late   sync.WaitGroup // requests that are on their way without a sender
	stale  answers
	closed context.Context
	close  context.CancelFunc
}

// NewLink returns a link that leads nowhere yet. The caller closes it.
func NewLink(name string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "nemesis: listen for " + name, Err: err}
	}
	l := &Link{name: name, listener: listener, served: make(chan struct{}), active: map[Kind]int{}, change: make(chan struct{}), conns: map[*conn]bool{},
		transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 32, IdleConnTimeout: 10 * time.Second}}
	l.closed, l.close = context.WithCancel(context.Background())
	l.target.Store(new([]string))
	l.server = &http.Server{Handler: l, ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(l.served)
		_ = l.server.Serve(doorway{listener, l}) // ends when it is closed
	}()
	return l, nil
}

// Name returns what the link is called: "ledger>wallet".
func (l *Link) Name() string { return l.name }

// URL returns where the link begins, "http://127.0.0.1:41001".
func (l *Link) URL() string { return "http://" + l.listener.Addr().String() }

// Lead says where the link leads: the instances of a service, which take turns, as
// "http://127.0.0.1:41002"; none while they are away.
func (l *Link) Lead(instances ...string) { l.target.Store(&instances) }

// Trouble returns a fault that has a trouble befall the link.
func (l *Link) Trouble(k Kind) Fault { return trouble{l, k} }

// Close ends the link and everything that is on its way.
func (l *Link) Close() {
	l.close()
	_ = l.server.Close() // it holds nothing that could be lost
	l.each(func(c *conn) { _ = c.Close() })
	<-l.served
	l.late.Wait()
	l.transport.CloseIdleConnections()
}

// trouble is one kind of trouble of one link.
type trouble struct {
	link *Link
	kind Kind
}

// Do begins the trouble. One that is there twice ends with the second Undo.
func (t trouble) Do(context.Context) error {
	t.link.count(t.kind, 1)
	if t.kind == Reset {
		t.link.each((*conn).reset)
	}
	return nil
}

// Undo makes the link whole again, and returns once what was late has arrived.
func (t trouble) Undo(ctx context.Context) error {
	t.link.count(t.kind, -1)
	switch t.kind {
	case Stale:
		t.link.stale.forget()
	case Late:
		arrived := make(chan struct{})
		go func() {
			defer close(arrived)
			t.link.late.Wait()
		}()
		select {
		case <-arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// count begins or ends a trouble, and tells whoever is held up by it.
func (l *Link) count(k Kind, by int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active[k] += by
	close(l.change)
	l.change = make(chan struct{})
}

// in reports whether a trouble is there, and returns what closes when that may have
// changed.
func (l *Link) in(k Kind) (is bool, change <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.active[k] > 0, l.change
}

// strikes reports whether a trouble is there and befalls the n-th of those that it may
// befall: every so manieth.
func (l *Link) strikes(k Kind, n uint64, every uint64) bool {
	is, _ := l.in(k)
	return is && n%every == 0
}

// each calls do with each open connection.
func (l *Link) each(do func(*conn)) {
	l.mu.Lock()
	var open []*conn
	for c := range l.conns {
		open = append(open, c)
	}
	l.mu.Unlock()
	for _, c := range open {
		do(c)
	}
}
