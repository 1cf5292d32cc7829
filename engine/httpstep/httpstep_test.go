package httpstep_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/httpstep"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

func TestDone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.options.Token, w.options.Plain = "s3cret", true
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(time.Second)
		w.want("sale-1", saga.Completed)
		if len(w.wire.all()) != 1 {
			t.Fatalf("%d requests, want 1", len(w.wire.all()))
		}
		r := w.wire.all()[0]
		if r.method != "POST" || r.url != participant || r.body != `{"points":5}` {
			t.Errorf("%s %s %s", r.method, r.url, r.body)
		}
		for name, want := range map[string]string{
			"Content-Type":        "application/json",
			"Idempotency-Key":     "shop.saga.reply/sell/sale-1/redeem/do",
			"Bailiwick-Saga":      "sell",
			"Bailiwick-Saga-Id":   "sale-1",
			"Bailiwick-Step":      "redeem",
			"Bailiwick-Operation": "do",
			"Traceparent":         trace,
			"Authorization":       "Bearer s3cret",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if _, err := bailiwick.ParseID(r.header.Get("Bailiwick-Message")); err != nil {
			t.Errorf("Bailiwick-Message: %v", err)
		}
	})
}

// A refusal is the participant's word: the saga takes back what was done. What it
// never did is not taken back.
func TestRefused(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(*http.Request, int) (*http.Response, error) {
			return says(422, "application/problem+json; charset=utf-8", `{"title":"No","status":422,"reason":"too-few-points","detail":"3 of 5"}`)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(time.Second)
		s := w.want("sale-1", saga.Compensated)
		if !strings.Contains(s.Log[0].Reason, "too-few-points") || !strings.Contains(s.Log[0].Reason, "3 of 5") {
			t.Errorf("the reason is %q", s.Log[0].Reason)
		}
		if got := w.wire.ops(); got != "sale-1 do" {
			t.Errorf("asked for %s", got)
		}
	})
}

func TestCompensation(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(r *http.Request, _ int) (*http.Response, error) {
			if r.Header.Get("Bailiwick-Operation") == "undo" {
				return says(204, "", "")
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5, Broken: true})
		w.settle(time.Second)
		w.want("sale-1", saga.Compensated)
		if got := w.wire.ops(); got != "sale-1 do, sale-1 undo" {
			t.Errorf("asked for %s", got)
		}
		if undo := w.wire.all()[1]; undo.body != `{"points":5}` || undo.header.Get("Idempotency-Key") != "shop.saga.reply/sell/sale-1/redeem/undo" {
			t.Errorf("the compensation was asked for with %s, %s", undo.body, undo.header)
		}
	})
}

// An action whose compensation came first is told to the saga as late, which
// parks: nobody else can tell what that means.
func TestLate(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(*http.Request, int) (*http.Response, error) {
			return says(410, "application/problem+json", `{"reason":"late"}`)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(time.Second)
		s := w.want("sale-1", saga.Parked)
		if !strings.Contains(s.Reason, "blocked by its own compensation") {
			t.Errorf("the reason is %q", s.Reason)
		}
	})
}

// Whatever is neither done nor refused is unknown: it is asked for again, and never
// taken for an answer.
func TestUnknownIsAskedAgain(t *testing.T) {
	for name, answer := range map[string]func() (*http.Response, error){
		"refused connection": func() (*http.Response, error) { return nil, errCut },
		"cut answer":         func() (*http.Response, error) { return cut(200, "application/json") },
		"cut refusal":        func() (*http.Response, error) { return cut(422, "application/problem+json") },
		"in progress": func() (*http.Response, error) {
			return says(409, "application/problem+json", `{"reason":"in-progress"}`)
		},
		"fault":              func() (*http.Response, error) { return says(500, "application/json", `{}`) },
		"a proxy's 502":      func() (*http.Response, error) { return says(502, "text/html", `<html>`) },
		"a proxy's 404":      func() (*http.Response, error) { return says(404, "text/html", `<html>`) },
		"a problem's 404":    func() (*http.Response, error) { return says(404, "application/problem+json", `{"reason":"no"}`) },
		"a portal's 200":     func() (*http.Response, error) { return says(200, "text/html", `{"left":7}`) },
		"half of an answer":  func() (*http.Response, error) { return says(200, "application/json", `{"left":`) },
		"a redirect":         func() (*http.Response, error) { return says(302, "text/html", ``, "Location", participant) },
		"422 of somebody":    func() (*http.Response, error) { return says(422, "text/html", `{"reason":"no"}`) },
		"422 without reason": func() (*http.Response, error) { return says(422, "application/problem+json", `{"title":"No"}`) },
		"410 of somebody":    func() (*http.Response, error) { return says(410, "text/html", `gone`) },
		"an answer without end": func() (*http.Response, error) {
			return says(200, "application/json", `{"left":7}`+strings.Repeat(" ", 2<<20))
		},
		"unauthorised, for now": func() (*http.Response, error) { return says(401, "application/problem+json", `{"reason":"no"}`) },
		"too many requests":     func() (*http.Response, error) { return says(429, "text/plain", ``) },
		"the request timed out": func() (*http.Response, error) { return nil, context.DeadlineExceeded },
		"another status":        func() (*http.Response, error) { return says(300, "", ``) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.wire.answer = func(_ *http.Request, n int) (*http.Response, error) {
					if n <= 2 {
						return answer()
					}
					return says(200, "application/json", `{"left":7}`)
				}
				w.start()
				w.sell("sale-1", "ada", sale{Points: 5})
				w.settle(5 * time.Second) // within its patience, before the saga's timer
				w.want("sale-1", saga.Completed)
				if got := len(w.wire.all()); got != 3 {
					t.Fatalf("%d requests, want 3", got)
				}
				first, last := w.wire.all()[0], w.wire.all()[2]
				if first.body != last.body || first.header.Get("Idempotency-Key") != last.header.Get("Idempotency-Key") {
					t.Errorf("the repeat differs: %v, %v", first, last)
				}
			})
		})
	}
}

func cut(status int, media string) (*http.Response, error) {
	r, _ := says(status, media, "")
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"reason":"x"`), iotest.ErrReader(errCut)))
	return r, nil
}

// A participant that does not answer at all is given up after the timeout.
func TestTimeout(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(r *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(4 * time.Second)
		// The writer is free meanwhile.
		if err := w.db.Do(context.Background(), func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		w.want("sale-1", saga.Running)
		w.settle(2 * time.Second)
		w.want("sale-1", saga.Completed)
	})
}

// A participant that asks for a pause gets it.
func TestRetryAfter(t *testing.T) {
	for name, value := range map[string]func() string{
		"seconds": func() string { return "4" },
		"date":    func() string { return time.Now().Add(4 * time.Second).UTC().Format(http.TimeFormat) },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.wire.answer = func(_ *http.Request, n int) (*http.Response, error) {
					if n == 1 {
						return says(503, "text/plain", "", "Retry-After", value())
					}
					return says(200, "application/json", `{"left":7}`)
				}
				w.start()
				w.sell("sale-1", "ada", sale{Points: 5})
				w.settle(6 * time.Second)
				w.want("sale-1", saga.Completed)
				if pause := w.wire.all()[1].at.Sub(w.wire.all()[0].at); pause < 3*time.Second {
					t.Errorf("it was asked again after %s", pause)
				}
			})
		})
	}
}

// Nobody in between can silence a participant for long.
func TestEndlessRetryAfter(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				return says(503, "text/plain", "", "Retry-After", "86400")
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.start()
		w.sell("first", "ada", sale{Points: 5})
		w.settle(5*time.Minute + time.Second)
		w.want("first", saga.Parked) // nobody knew, for longer than it waits
		w.sell("second", "ada", sale{Points: 5})
		w.settle(time.Minute)
		w.want("second", saga.Completed)
	})
}

// A pause longer than patience is respected too: the saga's timer sends the command
// again meanwhile, and it is not posted.
func TestLongRetryAfter(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				return says(503, "text/plain", "", "Retry-After", "25")
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(24 * time.Second)
		if got := len(w.wire.all()); got != 1 {
			t.Errorf("%d requests within the pause, want 1", got)
		}
		w.settle(time.Minute)
		w.want("sale-1", saga.Completed)
	})
}

// A participant that is away holds up neither the log nor the sagas of others, and
// parks nothing. When it is back its sagas go on by their own timers.
func TestAway(t *testing.T) {
	inWorld(t, func(w *world) {
		const other = "http://bank.example/steps"
		const sales = 120 // more than may be set aside at once
		var away atomic.Bool
		away.Store(true)
		w.options.Steps["loyalty.redeem"] = other
		w.wire.answer = func(r *http.Request, _ int) (*http.Response, error) {
			if away.Load() && r.URL.Host == "bank.example" {
				return nil, errCut
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.start()
		for i := range sales {
			w.sell(fmt.Sprintf("sale-%d", i), fmt.Sprintf("key-%d", i), sale{Points: 5})
		}
		w.settle(25 * time.Second)
		status, err := follow.Status(context.Background(), w.db)
		if err != nil {
			t.Fatal(err)
		}
		state, err := w.db.Log().State(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if status[0].Parked+status[0].Retrying > 0 || status[0].Position.Seq < sales {
			t.Errorf("the courier stands at %+v, the log at %d", status[0], state.Head)
		}
		away.Store(false)
		w.settle(time.Minute)
		for i := range sales {
			w.want(fmt.Sprintf("sale-%d", i), saga.Completed)
		}
	})
}

// Commands of one key go one after another, and no more are under way than may be.
func TestOrderAndConcurrency(t *testing.T) {
	inWorld(t, func(w *world) {
		w.options.Concurrency, w.options.Lanes = 3, 2
		under := map[string]int{}
		last := map[string]int{}
		w.wire.answer = func(r *http.Request, _ int) (*http.Response, error) {
			var key string
			var n int
			fmt.Sscanf(strings.ReplaceAll(r.Header.Get("Bailiwick-Saga-Id"), "-", " "), "%s %d", &key, &n)
			w.wire.mu.Lock()
			under[key]++
			if under[key] > 1 || n <= last[key] {
				t.Errorf("%s %d is under way with %d others of its key, after %d", key, n, under[key]-1, last[key])
			}
			last[key] = n
			w.wire.mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			w.wire.mu.Lock()
			under[key]--
			w.wire.mu.Unlock()
			return says(200, "application/json", `{"left":7}`)
		}
		for n := 1; n <= 5; n++ {
			for _, key := range []string{"ada", "bob", "cid", "dan", "eve", "fay"} {
				w.sell(fmt.Sprintf("%s-%d", key, n), key, sale{Points: 5})
			}
		}
		w.start()
		w.settle(5 * time.Second)
		if w.wire.most != 3 || len(w.wire.all()) != 30 {
			t.Errorf("%d requests, at most %d at once; want 30, and 3", len(w.wire.all()), w.wire.most)
		}
	})
}

// Where nobody answers a command, those of its key behind it wait for their timers as
// well, and do not overtake it.
func TestKeyWaits(t *testing.T) {
	inWorld(t, func(w *world) {
		begun := time.Now()
		w.wire.answer = func(r *http.Request, _ int) (*http.Response, error) {
			if time.Since(begun) < 9*time.Second && r.Header.Get("Bailiwick-Saga-Id") == "ada-1" {
				return says(500, "text/plain", "")
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.options.Patience = time.Second
		for _, id := range []string{"ada-1", "ada-2", "bob-1"} {
			w.sell(id, id[:3], sale{Points: 5})
		}
		w.start()
		w.settle(5 * time.Second)
		w.want("ada-2", saga.Running)
		w.want("bob-1", saga.Completed)
		w.settle(20 * time.Second)
		w.want("ada-1", saga.Completed)
		w.want("ada-2", saga.Completed)
		if ops := w.wire.ops(); strings.Index(ops, "ada-2") < strings.LastIndex(ops, "ada-1") {
			t.Errorf("asked for %s", ops)
		}
	})
}

// A process that dies between the answer and its commit posts the same command
// again; the participant's barrier answers as before, and the saga takes it once.
func TestKilledBeforeCommit(t *testing.T) {
	inWorld(t, func(w *world) {
		w.wire.answer = func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				w.stop()
			}
			return says(200, "application/json", `{"left":7}`)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(0)
		w.want("sale-1", saga.Running)
		w.close()
		w.open()
		w.start()
		w.settle(time.Second)
		w.want("sale-1", saga.Completed)
		if got := w.wire.ops(); got != "sale-1 do, sale-1 do" {
			t.Errorf("asked for %s", got)
		}
	})
}

// A saga awaits the answer to its latest command only; older ones, which piled up
// while nobody carried them, are not asked for.
func TestOldCommandsAreSkipped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.start()
		w.close() // it is registered now, so that the log keeps what it missed
		w.open()
		w.sell("sale-1", "ada", sale{Points: 5})
		err := w.db.Do(context.Background(), func(tx *store.Tx) error {
			return w.sagas.Cancel(tx, "sale-1", saga.Rejection{Reason: "changed-mind"})
		})
		if err != nil {
			t.Fatal(err)
		}
		w.start()
		w.settle(time.Second)
		w.want("sale-1", saga.Compensated)
		if got := w.wire.ops(); got != "sale-1 undo" {
			t.Errorf("asked for %s", got)
		}
	})
}

// A courier that is new to a log that was trimmed begins where that begins today.
func TestBeginsAtTheLowWaterMark(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx := context.Background()
		feed, err := w.db.Log().Feed(ctx, store.Subscriber{Name: "other"})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			err := w.db.Do(ctx, func(tx *store.Tx) error {
				return tx.Publish(bailiwick.Message{Type: "told", Key: "a", Version: 1})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		feed.Ack(bailiwick.Position{Epoch: 1, Seq: 2})
		if err := w.db.Log().Trim(ctx); err != nil {
			t.Fatal(err)
		}
		w.start()
		w.sell("sale-1", "ada", sale{Points: 5})
		w.settle(time.Second)
		w.want("sale-1", saga.Completed)
	})
}

// What is no command is parked, and so is one that nobody takes the reply of.
func TestPoison(t *testing.T) {
	const fine = `{"saga":"sell","id":"1","step":"redeem","op":"do","reply_to":"shop.saga.reply","data":{}}`
	for name, data := range map[string]string{
		"newer":        fine,
		"no JSON":      `{`,
		"no command":   `{"points":5}`,
		"no operation": `{"saga":"sell","id":"1","step":"redeem","op":"try","reply_to":"shop.saga.reply","data":{}}`,
		"no taker":     `{"saga":"sell","id":"1","step":"redeem","op":"do","reply_to":"bank.saga.reply","data":{}}`,
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.start()
				version := 1
				if name == "newer" {
					version = 2
				}
				err := w.db.Do(context.Background(), func(tx *store.Tx) error {
					return tx.Publish(bailiwick.Message{Type: "loyalty.redeem", Key: "ada", Version: version, Data: []byte(data)})
				})
				if err != nil {
					t.Fatal(err)
				}
				w.sell("sale-1", "bob", sale{Points: 5})
				w.settle(time.Second)
				w.want("sale-1", saga.Completed)
				list, err := follow.List(context.Background(), w.db)
				if err != nil || len(list) != 1 || list[0].Code != bailiwick.Poison || list[0].Key != "ada" {
					t.Errorf("parked: %+v, %v", list, err)
				}
			})
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	inWorld(t, func(w *world) {
		for name, spoil := range map[string]func(*httpstep.Options){
			"no database": func(o *httpstep.Options) { o.DB = nil },
			"no steps":    func(o *httpstep.Options) { o.Steps = nil },
			"no replies":  func(o *httpstep.Options) { o.Replies = nil },
			"no URL":      func(o *httpstep.Options) { o.Steps = map[string]string{"a": "loyalty"} },
			"no host":     func(o *httpstep.Options) { o.Steps = map[string]string{"a": "http:///steps"} },
			"not HTTP":    func(o *httpstep.Options) { o.Steps = map[string]string{"a": "ftp://loyalty/steps"} },
			"token":       func(o *httpstep.Options) { o.Token = "s3cret" },
			"malformed":   func(o *httpstep.Options) { o.Steps = map[string]string{"a": "http://%zz/"} },
		} {
			opts := w.options
			spoil(&opts)
			var e *bailiwick.Error
			if _, err := httpstep.New(opts); !errors.As(err, &e) || e.Code != bailiwick.Invalid || e.Do == "" {
				t.Errorf("%s: got %v", name, err)
			}
		}
	})
}
