package serve_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/service/guard"
	"github.com/bailiwick/bailiwick/service/serve"
	"github.com/bailiwick/bailiwick/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A service that greets, until it is interrupted.
func ExampleRun() {
	dir, _ := os.MkdirTemp("", "bailiwick-example-")
	defer os.RemoveAll(dir)
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Millisecond) // a program takes signal.NotifyContext
	defer stop()
	db, err := sqlite.Open(context.Background(), filepath.Join(dir, "greeter.db"), sqlite.Options{Owner: "greeter"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	api := http.NewServeMux()
	api.Handle("GET /greetings/{name}", inbox.HandleHTTP(db, func(_ *store.Tx, r *http.Request, _ struct{}) (string, error) {
		return "Good morning, " + r.PathValue("name"), nil
	}))
	fmt.Println(serve.Run(ctx, "127.0.0.1:0", &service.Service{Name: "greeter", DB: db, API: api}))
	// Output: <nil>
}

// urls sends the URL that is listened at.
type urls struct {
	slog.Handler
	at chan string
}

func (urls) Enabled(context.Context, slog.Level) bool { return true }

func (u urls) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "url" {
			u.at <- a.Value.String()
		}
		return true
	})
	return nil
}

func greeter(t *testing.T) *service.Service {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "greeter.db"), sqlite.Options{Owner: "greeter"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &service.Service{Name: "greeter", DB: db, API: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })}
}

func TestRunServesUntilItIsStopped(t *testing.T) {
	at, ended := make(chan string, 1), make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	s := greeter(t)
	go func() {
		ended <- serve.RunWith(ctx, "localhost:0", serve.Options{Group: service.Options{Logger: slog.New(urls{slog.DiscardHandler, at})}}, s)
	}()
	var url string
	select {
	case url = <-at:
	case err := <-ended:
		t.Fatal(err)
	case <-time.After(10 * time.Second):
		t.Fatal("it does not say where it listens")
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	for limit := time.Now().Add(10 * time.Second); ; {
		answer, err := client.Get(url + "/greeter/")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err == nil && answer.StatusCode == 200 && string(text) == "hello" {
			break
		}
		if answer.StatusCode != http.StatusServiceUnavailable || time.Now().After(limit) { // 503 while it starts
			t.Fatalf("%d %s %v", answer.StatusCode, text, err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := client.Get(url + "/greeter/"); err == nil {
		t.Error("stopped, it still answers")
	}
}

func TestRunRefuses(t *testing.T) {
	s := greeter(t)
	for addr, want := range map[string]bailiwick.Code{
		":0": bailiwick.Invalid, "0.0.0.0:0": bailiwick.Invalid, "127.0.0.1:99999": bailiwick.Unavailable, "no port": bailiwick.Unavailable,
	} {
		if err := serve.Run(t.Context(), addr, s); bailiwick.CodeOf(err) != want {
			t.Errorf("%s: %v, want the code %s", addr, err, want)
		}
	}
	half := serve.Options{Guard: guard.Options{CertFile: "cert.pem"}}
	if err := serve.RunWith(t.Context(), "127.0.0.1:0", half, s); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("a certificate without its key: %v", err)
	}
	if err := serve.Run(t.Context(), "127.0.0.1:0", s, s); bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("two services of one name: %v", err)
	}
}
