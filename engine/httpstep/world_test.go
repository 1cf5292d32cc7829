package httpstep_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpstep"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

var quiet = slog.New(slog.DiscardHandler)

// A sale is paid with points, which somebody keeps who speaks only HTTP.
type sale struct {
	Points int  `json:"points"`
	Broken bool `json:"broken"` // refused after the points were taken
	Left   int  `json:"left"`   // what the participant answered
}

// A world is a service with a saga, a courier, and a participant at the other end
// of its wire. Time in it is virtual.
type world struct {
	t       *testing.T
	path    string
	db      *store.DB
	sagas   *saga.Orchestrator
	sales   *saga.Saga[sale]
	options httpstep.Options
	wire    *wire
	stop    func()
	ended   sync.WaitGroup
}

const participant = "http://loyalty.example/steps"

func inWorld(t *testing.T, fn func(w *world)) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, path: filepath.Join(dir, "shop.db"), wire: &wire{}}
		w.open()
		defer w.close()
		fn(w)
	})
}

// open opens the database, as a process that starts would.
func (w *world) open() {
	w.t.Helper()
	var err error
	w.db, err = sqlite.Open(context.Background(), w.path, sqlite.Options{Owner: "shop", Synchronous: sqlite.Off, Store: store.Options{Logger: quiet}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.sagas = saga.New(w.db, saga.Options{Logger: quiet})
	ask := func(_ *store.Tx, s *sale) (any, error) { return map[string]int{"points": s.Points}, nil }
	w.sales, err = saga.Register(w.sagas, saga.Definition[sale]{Name: "sell", Steps: []saga.Step[sale]{
		{Name: "redeem", Command: "loyalty.redeem", Undo: "loyalty.restore", Request: ask, Timeout: 10 * time.Second, Attempts: 3,
			Reply: func(_ *store.Tx, s *sale, data []byte) error { return json.Unmarshal(data, s) }},
		{Name: "pack", Local: func(_ *store.Tx, s *sale) error {
			if s.Broken {
				return saga.Reject("broken", "it fell")
			}
			return nil
		}},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.options = httpstep.Options{DB: w.db, Replies: w.sagas.Handlers(), Client: &http.Client{Transport: w.wire},
		Steps:    map[string]string{"loyalty.redeem": participant, "loyalty.restore": participant},
		Patience: 10 * time.Second, Rand: rand.New(rand.NewPCG(1, 2)), Logger: quiet}
}

// start runs the courier and the timers of the sagas.
func (w *world) start() {
	w.t.Helper()
	courier, err := httpstep.New(w.options)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	for _, run := range []func(context.Context) error{courier.Run, w.sagas.Run} {
		w.ended.Go(func() {
			if err := run(ctx); err != nil {
				w.t.Errorf("a part ended with %v", err)
			}
		})
	}
}

// close stops all, as a process that dies would: what is under way is lost.
func (w *world) close() {
	if w.stop != nil {
		w.stop()
	}
	w.ended.Wait()
	w.db.Close()
}

func (w *world) sell(id, key string, s sale) {
	w.t.Helper()
	ctx := bailiwick.WithTrace(context.Background(), trace)
	if err := w.db.Do(ctx, func(tx *store.Tx) error { return w.sales.Start(tx, id, key, &s) }); err != nil {
		w.t.Fatal(err)
	}
}

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func (w *world) settle(d time.Duration) { time.Sleep(d); synctest.Wait() }

// want checks how a saga stands.
func (w *world) want(id, state string) saga.Status {
	w.t.Helper()
	s, err := saga.Show(context.Background(), w.db, id)
	if err != nil {
		w.t.Fatal(err)
	}
	if s.State != state {
		w.t.Fatalf("saga %s is %s (%s), want %s", id, s.State, s.Reason, state)
	}
	return s
}

// A wire carries requests to a participant in the same process, which is a
// function. It notes what was asked.
type wire struct {
	answer func(r *http.Request, n int) (*http.Response, error) // n counts the requests, from 1

	mu       sync.Mutex
	requests []asked
	under    int // way
	most     int
}

type asked struct {
	method, url, body string
	header            http.Header
	at                time.Time
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	w.requests = append(w.requests, asked{r.Method, r.URL.String(), string(body), r.Header.Clone(), time.Now()})
	n := len(w.requests)
	w.under++
	w.most = max(w.most, w.under)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.under--
	}()
	if w.answer == nil {
		return says(200, "application/json", `{"left":7}`)
	}
	return w.answer(r, n)
}

// all returns the requests so far.
func (w *wire) all() []asked {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// ops lists which operations were asked for, in order.
func (w *wire) ops() string {
	var list []string
	for _, r := range w.all() {
		list = append(list, r.header.Get("Bailiwick-Saga-Id")+" "+r.header.Get("Bailiwick-Operation"))
	}
	return strings.Join(list, ", ")
}

func says(status int, media, body string, headers ...string) (*http.Response, error) {
	r := &http.Response{StatusCode: status, Status: http.StatusText(status), Header: http.Header{"Content-Type": {media}},
		Body: io.NopCloser(strings.NewReader(body))}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r, nil
}

var errCut = errors.New("connection reset by peer")
