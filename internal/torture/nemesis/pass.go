package nemesis

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"
)

// maxBody bounds what the link keeps of one request or answer, in bytes.
const maxBody = 4 << 20

// lateness is how long after its sender gave up a late request arrives.
const lateness = 700 * time.Millisecond

// ServeHTTP passes a request on. Requests are counted, and a trouble befalls every
// second or third of them, so that some get through.
func (l *Link) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := l.turn.Add(1)
	switch {
	case l.strikes(Late, n, 3) && !isFeed(r): // a late question has no effect
		keep(r)
		l.deliverLate(r)
		panic(http.ErrAbortHandler) // the sender sees its connection end
	case l.strikes(Lose, n, 2):
		l.forward(&answer{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case l.strikes(Repeat, n, 2):
		keep(r)
		l.forward(&answer{header: http.Header{}}, r)
		r.Body, _ = r.GetBody() // what keep made cannot fail
		l.forward(w, r)
	case isFeed(r):
		l.passFeed(w, r, n)
	default:
		l.forward(w, r)
	}
}

// keep reads the body of a request, so that it can be sent whenever and as often as
// is wanted.
func keep(r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil || len(text) == maxBody {
		panic(http.ErrAbortHandler) // the sender gave up, or sends what no test sends
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }
	r.Body, _ = r.GetBody()
}

// deliverLate has a request arrive when its sender is gone.
func (l *Link) deliverLate(r *http.Request) {
	l.late.Go(func() {
		select {
		case <-time.After(lateness):
			l.forward(&answer{header: http.Header{}}, r.Clone(l.closed))
		case <-l.closed.Done():
		}
	})
}

// forward has the next instance answer. While there is none, or it does not answer,
// the answer is 502, as that of any proxy.
func (l *Link) forward(w http.ResponseWriter, r *http.Request) {
	targets := *l.target.Load()
	if len(targets) == 0 {
		http.Error(w, "nobody is there", http.StatusBadGateway)
		return
	}
	target, err := url.Parse(targets[l.turn.Load()%uint64(len(targets))])
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:       func(p *httputil.ProxyRequest) { p.SetURL(target) },
		Transport:     l.transport,
		FlushInterval: -1,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	proxy.ServeHTTP(w, r)
}

// isFeed reports whether a request reads a log.
func isFeed(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/feed")
}

// passFeed passes on what a feed answers, or answers as it did before.
func (l *Link) passFeed(w http.ResponseWriter, r *http.Request, n uint64) {
	if is, _ := l.in(Stale); !is {
		l.forward(w, r)
		return
	}
	if old := l.stale.any(n); old != nil && n%2 == 0 {
		old.writeTo(w)
		return
	}
	kept := &answer{header: http.Header{}}
	l.forward(kept, r)
	if kept.status == http.StatusOK && kept.body.Len() < maxBody {
		l.stale.keep(kept)
	}
	kept.writeTo(w)
}

// answer keeps an answer instead of sending it. It is an http.ResponseWriter.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// writeTo sends what was kept.
func (a *answer) writeTo(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(max(a.status, http.StatusOK))
	_, _ = w.Write(a.body.Bytes()) // the reader may be gone
}

// answers are a few that a feed gave.
type answers struct {
	mu   sync.Mutex
	kept []*answer
}

// keptAnswers is how many are remembered.
const keptAnswers = 8

func (a *answers) keep(one *answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.kept) < keptAnswers {
		a.kept = append(a.kept, one)
	}
}

// any returns one of them, nil if there is none.
func (a *answers) any(n uint64) *answer {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.kept) == 0 {
		return nil
	}
	return a.kept[n/2%uint64(len(a.kept))]
}

func (a *answers) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.kept = nil
}
