package guard_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpfeed"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/guard"
	"github.com/bailiwick/bailiwick/service/trace"
	"github.com/bailiwick/bailiwick/store"
)

// lines is a log that several goroutines write.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// has waits for a text: what a log must not hold proves nothing before it was written.
func (l *lines) has(t testing.TB, text string) {
	t.Helper()
	for limit := time.Now().Add(10 * time.Second); !strings.Contains(l.String(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%q is not in the log:\n%s", text, l)
		}
	}
}

const (
	secretNumber = "4929123412341234"
	secretToken  = "Kh7Qm2Zr9-bearer"
)

// Whatever goes wrong, at whatever level, no log holds a payload or a token: messages
// that no handler can read, statements that are slow or fail, requests that are
// refused, feeds that cannot be read.
func TestNoSecretsInLogs(t *testing.T) {
	var log lines
	logger := slog.New(trace.LogHandler(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	open := func(name string) *store.DB {
		db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), name+".db"), sqlite.Options{Owner: name, Synchronous: sqlite.Off,
			Migrations: []store.Migration{{Version: 1, Name: "cards", SQL: `CREATE TABLE card (number TEXT PRIMARY KEY)`}},
			Store:      store.Options{Logger: logger, SlowQuery: 1}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	till, bank := open("till"), open("bank")
	insert := func(tx *store.Tx, number string) error {
		_, err := tx.SQL().Exec(`INSERT INTO card (number) VALUES (?)`, number)
		return err
	}
	type payment struct {
		Card int8 `json:"card"`
	}
	feedHandler := func(l *store.Log) http.Handler {
		return httpfeed.Handler(l, httpfeed.ServerOptions{Readers: guard.Follows})
	}
	api := inbox.HandleHTTP(bank, func(tx *store.Tx, _ *http.Request, p struct{ Card string }) (string, error) {
		_, err := strconv.Atoi(p.Card + "x")
		return "", &bailiwick.Error{Code: bailiwick.Internal, Op: "pay", Err: err}
	})
	g := guarding(t, guard.Options{TokenFile: write(t, "tokens", "bank "+hash(secretToken)+" feed:till inspect:*")})
	group, err := service.NewGroup(service.Options{Logger: logger, Feed: feedHandler}, &service.Service{Name: "till", DB: till})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := g.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := g.Server(listener, group.Handler())
	source := func(ctx context.Context, consumer *service.Service, producer string, types []string) (follow.Source, error) {
		feed, err := httpfeed.New(httpfeed.Options{URL: g.URL(listener) + "/till/feed", Log: "till/outbox", Follower: consumer.Name, Types: types, Token: secretToken})
		if err == nil {
			t.Cleanup(func() { feed.Close() })
		}
		return feed, err
	}
	other, err := service.NewGroup(service.Options{Logger: logger, Sources: source, DrainTimeout: time.Millisecond}, &service.Service{Name: "bank", DB: bank, API: api, Follows: map[string]follow.Handlers{"till": {
		"paid":   inbox.Handle(1, func(*store.Tx, *bailiwick.Message, payment) error { return nil }),
		"copied": func(tx *store.Tx, m *bailiwick.Message) error { return insert(tx, string(m.Data)) },
		"parsed": func(_ *store.Tx, m *bailiwick.Message) error {
			_, err := time.Parse(time.RFC3339, string(m.Data))
			return fmt.Errorf("read the date: %w", err)
		},
		"panics": func(*store.Tx, *bailiwick.Message) error { panic(errors.New("a fault")) },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 3)
	go func() { ended <- server.Serve(listener) }()
	go func() { ended <- group.Run(ctx) }()
	go func() { ended <- other.Run(ctx) }()
	t.Cleanup(func() { stop(); server.Close(); <-ended; <-ended; <-ended })

	err = till.Do(ctx, func(tx *store.Tx) error {
		for i, kind := range []string{"paid", "copied", "copied", "parsed", "panics"} {
			if err := tx.Publish(bailiwick.Message{Type: kind, Key: fmt.Sprint("k", i), Version: 1, Data: []byte(`{"card":` + secretNumber + `}`)}); err != nil {
				return err
			}
		}
		return insert(tx, secretNumber)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"cannot unmarshal number into card", "UNIQUE constraint failed", "parsing a time failed", "a handler panicked", "slow query"} {
		log.has(t, text)
	}
	for other.Ready(ctx) != nil {
		time.Sleep(time.Millisecond)
	}
	code := func(handler http.Handler, method, target, token, body string) int {
		r, _ := http.NewRequest(method, target, strings.NewReader(body))
		r.Host, r.RemoteAddr = "127.0.0.1", "127.0.0.1:9"
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		w := answers{header: http.Header{}}
		handler.ServeHTTP(&w, r)
		return w.status
	}
	guardedGroup := g.Handler(group.Handler(), false)
	for _, c := range []struct {
		handler                     http.Handler
		method, target, token, body string
		want                        int
	}{
		{other.Handler(), "POST", "/bank/pay", secretToken, `{"card":"` + secretNumber + `"}`, 500},
		{other.Handler(), "POST", "/bank/pay", secretToken, `{"card":` + secretNumber + `}`, 422},
		{guardedGroup, "GET", "/till/feed?lastEventId=" + secretNumber, secretToken, "", 410},
		{guardedGroup, "GET", "/till/feed?follower=" + secretNumber, secretToken, "", 403},
		{guardedGroup, "GET", "/till/feed?token=" + secretToken, secretToken + "x", "", 401},
		{guardedGroup, "GET", "/nobody/feed?token=" + secretToken, secretToken, "", 403},
	} {
		if got := code(c.handler, c.method, c.target, c.token, c.body); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, got, c.want)
		}
	}
	log.has(t, "a request failed")
	server.Close() // the feed is away
	log.has(t, "connection refused")
	for _, secret := range []string{secretNumber, secretToken, hash(secretToken)} {
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, secret) {
				t.Errorf("%s is in the log: %s", secret, line)
			}
		}
	}
}

// answers keeps the status of an answer.
type answers struct {
	header http.Header
	status int
}

func (a *answers) Header() http.Header { return a.header }

func (a *answers) WriteHeader(status int) { a.status = status }

func (a *answers) Write(b []byte) (int, error) { return len(b), nil }
