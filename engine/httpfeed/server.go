package httpfeed

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// ServerOptions tune a [Handler]. The zero value is ready to use.
type ServerOptions struct {
	// Batch is how many events an answer holds at most; 0 means 1000.
	Batch int
	// MaxBytes bounds an answer's body, which is larger only where one event alone
	// is; 0 means 8 MiB.
	MaxBytes int
	// MaxWait bounds for how long an answer may wait for an event, whatever the
	// reader asks for; 0 means 30 s.
	MaxWait time.Duration
	// MaxWaiting is how many answers may wait at once; more are refused with 429.
	// 0 means 256.
	MaxWaiting int
	// MaxFollowers is how many followers may be registered with the log through
	// this handler; 0 means 100.
	MaxFollowers int
	// Readers says whether the caller of r may read as follower ("" for one that
	// is not registered); an error is answered 403 with its text. nil means that
	// everybody may, which fits a listener that only this machine reaches.
	Readers func(r *http.Request, follower string) error
}

// Handler serves a log as an HTTP feed. It answers GET at whatever path it is
// mounted.
func Handler(log *store.Log, opts ServerOptions) http.Handler {
	orElse := func(n *int, otherwise int) {
		if *n <= 0 {
			*n = otherwise
		}
	}
	orElse(&opts.Batch, 1000)
	orElse(&opts.MaxBytes, 8<<20)
	orElse(&opts.MaxWaiting, 256)
	orElse(&opts.MaxFollowers, 100)
	if opts.MaxWait <= 0 {
		opts.MaxWait = 30 * time.Second
	}
	return &server{log: log, opts: opts, followers: map[string][]*follower{}, sent: map[int64]bailiwick.ID{}}
}

type server struct {
	log     *store.Log
	opts    ServerOptions
	waiting atomic.Int64

	registering sync.Mutex // held while a follower is written down
	mu          sync.Mutex
	followers   map[string][]*follower // by name, the latest registration last
	sent        map[int64]bailiwick.ID // of last events of answers: what need not be looked up when it comes back
}

// ServeHTTP answers one request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		refuse(w, problem{Status: http.StatusMethodNotAllowed, Code: bailiwick.Invalid, Detail: "a feed is read with GET"})
		return
	}
	ask, err := s.parse(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if s.opts.Readers != nil {
		if err := s.opts.Readers(r, ask.follower); err != nil {
			refuse(w, problem{Status: http.StatusForbidden, Code: bailiwick.Invalid, Detail: err.Error()})
			return
		}
	}
	reader, err := s.reader(r.Context(), ask)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	a := newAnswer()
	defer a.free()
	if err := s.gather(r.Context(), reader, ask, a); err != nil {
		s.fail(w, r, err)
		return
	}
	s.send(w, a)
}

// patience is how long a reader may take for each piece of an answer.
const (
	patience = 30 * time.Second
	piece    = 256 << 10
)

// send writes an answer in pieces, each with its own deadline: a slow reader gets
// it all, one that stands still does not hold it for ever.
func (s *server) send(w http.ResponseWriter, a *answer) {
	s.remember(a)
	h := w.Header()
	s.describe(h)
	h.Set("Content-Type", MediaType)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	h.Set(HeaderThrough, string(appendPosition(nil, a.through)))
	h.Set(HeaderLeftOut, strconv.Itoa(a.leftOut))
	control := http.NewResponseController(w)
	for body := a.body; len(body) > 0; {
		_ = control.SetWriteDeadline(time.Now().Add(patience)) // a writer without deadlines has none
		n, err := w.Write(body[:min(len(body), piece)])
		if err != nil {
			return // the reader has gone, and will ask again
		}
		body = body[n:]
	}
	_ = control.SetWriteDeadline(time.Time{})
}

// describe tells of the log as far as it is known.
func (s *server) describe(h http.Header) {
	h.Set(HeaderLog, s.log.Name())
	state, ok := s.log.Known()
	if !ok {
		return
	}
	h.Set(HeaderHead, strconv.FormatInt(state.Head, 10))
	h.Set(HeaderLow, strconv.FormatInt(state.Low, 10))
	var epochs []byte
	for i, fork := range state.History {
		if i > 0 {
			epochs = append(epochs, ',')
		}
		epochs = appendPosition(epochs, bailiwick.Position(fork))
	}
	h.Set(HeaderEpochs, string(epochs))
}
