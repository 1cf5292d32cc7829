package bailiwicktest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

func TestASaleGoesThroughBothServices(t *testing.T) {
	onEach(t, func(t *testing.T) {
		w := bailiwicktest.Run(t, till, bank)
		w.Post("/till/sales", sale{"s1", 5}, nil)
		w.Settle()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Completed, "create do done", "pay do done", "confirm do done")
		bailiwicktest.WantPublished(t, w.DB("till"), "till.sold", sale{"s1", 5})
		bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5")
		var state string
		if w.Get("/till/sales/s1", &state); state != "sold" {
			t.Errorf("the sale is %s", state)
		}
		if answer := w.Do(http.MethodGet, "/till/sales/s2", nil); answer.Code != http.StatusNotFound {
			t.Errorf("no sale is %d %s", answer.Code, answer.Body)
		}
		if lag := w.Lag("bank", "till"); lag != 0 {
			t.Errorf("the bank lags by %d", lag)
		}
	})
}

// Without a fault nobody notices how much time there is: it stands.
func TestTimeStands(t *testing.T) {
	w := bailiwicktest.Run(t, till, bank)
	begun := w.Clock.Now()
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Settle()
	// A slow machine may need a nudge; see Settle.
	if passed := w.Clock.Now().Sub(begun); passed > 5*time.Second {
		t.Errorf("%s passed", passed)
	}
}

func TestRefuse(t *testing.T) {
	onEach(t, func(t *testing.T) {
		w := bailiwicktest.Run(t, till, bank)
		w.Break("bank", "bank.pay", bailiwicktest.Refuse("no-credit", "the account is empty"))
		w.Post("/till/sales", sale{"s1", 5}, nil)
		w.Settle()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Compensated, "create do done", "pay do rejected", "create undo done")
		bailiwicktest.WantRows(t, w.DB("till"), `SELECT state FROM sale`, "no-credit")
		bailiwicktest.WantRows(t, w.DB("bank"), entries)
		bailiwicktest.WantPublished[sale](t, w.DB("till"), "till.sold")

		w.Mend("bank", "bank.pay")
		w.Post("/till/sales", sale{"s2", 6}, nil)
		w.Settle()
		bailiwicktest.WantRows(t, w.DB("bank"), entries, "s2 6")
	})
}

// An undo that is refused parks the saga.
func TestRefuseAnUndo(t *testing.T) {
	w := bailiwicktest.Run(t, till, bank)
	release := w.Hold("till", "till.saga.reply")
	w.Break("bank", "bank.refund", bailiwicktest.Refuse("spent", ""))
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Settle()
	w.Finish() // two attempts without an answer: it is taken back, and that is not answered either
	release()
	w.Finish()
	bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Parked, "create do done", "pay do unknown", "pay undo rejected")
	bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5")
}

// What becomes due on the way happens at its time: a second attempt after ten seconds,
// and after twenty more the saga gives up.
func TestAdvanceGoesStepByStep(t *testing.T) {
	w := bailiwicktest.Run(t, till, bank)
	w.Hold("till", "till.saga.reply")
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Advance(35 * time.Second)
	bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Compensating, "create do done", "pay do unknown", "pay undo waits")
	bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5", "s1 -5")
}

// A failure says that it is the test's, and is over after so many times.
func TestFailIsTheTests(t *testing.T) {
	handle := bailiwicktest.Fail(1)(func(*store.Tx, *bailiwick.Message) error { return nil })
	if err := handle(nil, nil); !errors.Is(err, bailiwicktest.ErrFault) {
		t.Errorf("the first time: %v", err)
	}
	if err := handle(nil, nil); err != nil {
		t.Errorf("the second time: %v", err)
	}
}

// What fails is tried again once its time has come, and nothing of the failed attempts
// remains.
func TestFail(t *testing.T) {
	onEach(t, func(t *testing.T) {
		w := bailiwicktest.Run(t, till, bank)
		w.Break("bank", "bank.pay", bailiwicktest.Fail(3))
		w.Post("/till/sales", sale{"s1", 5}, nil)
		w.Settle()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Running, "create do done", "pay do waits")
		bailiwicktest.WantRows(t, w.DB("bank"), entries)
		w.Finish()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Completed)
		bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5")
	})
}

// What fails too often is parked, after minutes that take no time.
func TestFailUntilParked(t *testing.T) {
	begun := time.Now()
	w := bailiwicktest.Run(t, till, bank)
	w.Break("bank", "bank.pay", bailiwicktest.Fail(1000))
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Finish()
	bailiwicktest.WantParked(t, w.DB("bank"), "k")
	bailiwicktest.WantRows(t, w.DB("bank"), entries)
	if passed := w.Clock.Now().Sub(bailiwicktest.NewClock().Now()); passed < 10*time.Second || passed < time.Since(begun) {
		t.Errorf("only %s passed", passed)
	}
	// The key is parked, so the saga got no answer to its undo: a person's turn.
	bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Parked)
}

// An answer that is held is late; asked again, the bank takes no money twice.
func TestHold(t *testing.T) {
	onEach(t, func(t *testing.T) {
		w := bailiwicktest.Run(t, till, bank)
		release := w.Hold("till", "till.saga.reply")
		w.Post("/till/sales", sale{"s1", 5}, nil)
		w.Settle()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Running, "create do done", "pay do waits")
		bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5")
		w.Clock.Advance(12 * time.Second) // beyond the first attempt
		w.Settle()
		if asked := bailiwicktest.Published[any](t, w.DB("till"), "bank.pay"); len(asked) != 2 {
			t.Errorf("the bank was asked %d times", len(asked))
		}
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Running)
		w.Crash() // what is held stays held
		w.Settle()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Running)
		release()
		w.Settle()
		bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Completed)
		bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5")
	})
}

// Whoever holds the handler, such as a client of the service's own API, asks the
// services that are there, also after a crash.
func TestHandlerOutlivesACrash(t *testing.T) {
	w := bailiwicktest.Run(t, till, bank)
	handler := w.Handler()
	w.Post("/till/sales", sale{"s1", 5}, nil)
	w.Settle()
	w.Crash()
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/till/sales/s1", nil))
	if answer.Code != http.StatusOK || answer.Body.String() != "\"sold\"\n" {
		t.Errorf("after a crash: %d %s", answer.Code, answer.Body)
	}
}

// Wherever the process dies, the effects are there once.
func TestCrash(t *testing.T) {
	onEach(t, func(t *testing.T) {
		for _, where := range []struct{ service, typ string }{{"bank", "bank.pay"}, {"till", "till.saga.reply"}} {
			for when, name := range map[bailiwicktest.Moment]string{bailiwicktest.BeforeCommit: "before", bailiwicktest.AfterCommit: "after"} {
				t.Run(name+" "+where.typ, func(t *testing.T) {
					made := 0
					counted := bank
					counted.New = func(db *store.DB) (*service.Service, error) { made++; return bank.New(db) }
					w := bailiwicktest.Run(t, till, counted)
					w.CrashAt(where.service, where.typ, when)
					w.Post("/till/sales", sale{"s1", 5}, nil)
					w.Settle()
					bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Completed)
					bailiwicktest.WantRows(t, w.DB("bank"), entries, "s1 5")
					bailiwicktest.WantPublished(t, w.DB("till"), "till.sold", sale{"s1", 5})
					if made != 2 {
						t.Errorf("the services were started %d times", made)
					}
				})
			}
		}
	})
}

// heard is a service that counts in memory: what it handled before a crash shows
// whether the crash was before or after the commit.
func heard(handled *[]string) bailiwicktest.Service {
	hear := func(tx *store.Tx, m *bailiwick.Message, n int) error {
		*handled = append(*handled, m.Key)
		_, err := tx.SQL().Exec(`INSERT INTO heard (n) VALUES (?)`, n)
		return err
	}
	return bailiwicktest.Service{Name: "heard",
		Migrations: []store.Migration{{Version: 1, Name: "heard", SQL: `CREATE TABLE heard (n BIGINT NOT NULL)`}},
		New: func(db *store.DB) (*service.Service, error) {
			return &service.Service{Name: "heard", DB: db, Follows: map[string]follow.Handlers{"radio": {
				"radio.said": inbox.Handle(1, hear), "radio.sang": inbox.Handle(1, hear),
			}}}, nil
		}}
}

// A stand-in plays a service that is followed and not there.
func TestStandIn(t *testing.T) {
	onEach(t, func(t *testing.T) {
		var handled []string
		w := bailiwicktest.Run(t, heard(&handled))
		w.Publish("radio", "radio.said", "a", 1)
		w.Publish("radio", "radio.hummed", "b", 2)
		w.Publish("radio", "radio.said", "c", 3)
		w.Settle()
		bailiwicktest.WantRows(t, w.DB("heard"), `SELECT n FROM heard ORDER BY n`, "1", "3")
		w.Crash()
		w.Publish("radio", "radio.said", "d", 4)
		w.Settle()
		bailiwicktest.WantRows(t, w.DB("heard"), `SELECT n FROM heard ORDER BY n`, "1", "3", "4")
		bailiwicktest.WantPublished(t, w.DB("radio"), "radio.said", 1, 3, 4) // nothing was trimmed
	})
}

// Before the commit nothing remains and the message comes again; after it all remains
// and it does not.
func TestMoments(t *testing.T) {
	for when, want := range map[bailiwicktest.Moment][]string{bailiwicktest.BeforeCommit: {"a", "a"}, bailiwicktest.AfterCommit: {"a"}} {
		var handled []string
		w := bailiwicktest.Run(t, heard(&handled))
		w.CrashAt("heard", "radio.said", when)
		w.Publish("radio", "radio.said", "a", 1)
		w.Settle()
		if !slices.Equal(handled, want) {
			t.Errorf("%d: handled %v, want %v", when, handled, want)
		}
		bailiwicktest.WantRows(t, w.DB("heard"), `SELECT n FROM heard`, "1")
	}
}

func TestFailAsOftenAsItIsTold(t *testing.T) {
	var handled []string
	w := bailiwicktest.Run(t, heard(&handled))
	w.Break("heard", "radio.said", bailiwicktest.Fail(2))
	w.Publish("radio", "radio.said", "a", 1)
	w.Settle() // the first attempt is over, the second is not due
	w.Clock.Advance(time.Second)
	w.Settle()
	if !slices.Equal(handled, []string{"a", "a"}) {
		t.Errorf("handled %v", handled)
	}
	w.Finish()
	if !slices.Equal(handled, []string{"a", "a", "a"}) {
		t.Errorf("handled %v", handled)
	}
	bailiwicktest.WantRows(t, w.DB("heard"), `SELECT n FROM heard`, "1")
}

// What a service has cannot be held any more, and does not hide what comes after it.
func TestHoldWhatWasApplied(t *testing.T) {
	for range 5 {
		var handled []string
		w := bailiwicktest.Run(t, heard(&handled))
		w.Publish("radio", "radio.said", "a", 1)
		w.Settle()
		w.Hold("heard", "radio.said")
		w.Crash()
		w.Publish("radio", "radio.sang", "b", 2)
		w.Settle()
		bailiwicktest.WantRows(t, w.DB("heard"), `SELECT n FROM heard ORDER BY n`, "1", "2")
		w.Publish("radio", "radio.said", "a", 3)
		w.Settle()
		bailiwicktest.WantRows(t, w.DB("heard"), `SELECT n FROM heard ORDER BY n`, "1", "2")
	}
}

// A part that fails is told, and not waited for.
func TestSettleTellsOfAnEnd(t *testing.T) {
	p := &probe{TB: t}
	fail := make(chan struct{})
	w := bailiwicktest.Run(p, bailiwicktest.Service{Name: "cart", New: func(db *store.DB) (*service.Service, error) {
		return &service.Service{Name: "cart", DB: db, Parts: []service.Part{wheel{fail}}}, nil
	}})
	close(fail)
	text := ""
	for limit := time.Now().Add(10 * time.Second); text == "" && time.Now().Before(limit); {
		text = p.during(w.Settle)
	}
	if !strings.Contains(text, "the wheel came off") {
		t.Errorf("settling says %q", text)
	}
}

// wheel is a part that fails.
type wheel struct{ fail chan struct{} }

func (w wheel) Run(ctx context.Context) error {
	select {
	case <-w.fail:
		return errors.New("the wheel came off")
	case <-ctx.Done():
		return nil
	}
}

// A part that waits for a time is woken at it, and not before.
func TestAdvanceWakesParts(t *testing.T) {
	rang := make(chan time.Time, 1)
	w := bailiwicktest.Run(t, bailiwicktest.Service{Name: "bell", New: func(db *store.DB) (*service.Service, error) {
		return &service.Service{Name: "bell", DB: db, Parts: []service.Part{bell{db, rang}}}, nil
	}})
	begun := w.Clock.Now()
	w.Advance(59 * time.Minute)
	select {
	case <-rang:
		t.Error("it rang early")
	default:
	}
	w.Advance(time.Minute)
	select {
	case at := <-rang:
		if at.Sub(begun) < time.Hour {
			t.Errorf("it rang after %s", at.Sub(begun))
		}
	case <-time.After(10 * time.Second):
		t.Error("it does not ring")
	}
}

// bell rings after an hour.
type bell struct {
	db   *store.DB
	rang chan time.Time
}

func (b bell) Run(ctx context.Context) error {
	select {
	case at := <-b.db.Clock().After(time.Hour):
		b.rang <- at
		<-ctx.Done()
	case <-ctx.Done():
	}
	return nil
}
