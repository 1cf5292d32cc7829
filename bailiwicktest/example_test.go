package bailiwicktest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
)

// The bank is away for a while, then it refuses; nobody waits for either.
func ExampleRun() {
	t := newExampleT() // a test has its own *testing.T
	defer t.end()

	w := bailiwicktest.Run(t, till, bank)
	release := w.Hold("bank", "bank.pay")
	w.Break("bank", "bank.pay", bailiwicktest.Refuse("no-credit", "the account is empty"))
	w.Post("/till/sales", sale{ID: "s1", Price: 5}, nil)
	w.Settle()
	fmt.Println(bailiwicktest.Steps(t, w.DB("till"), "s1"))
	w.Advance(time.Minute / 4)
	release()
	w.Settle()
	fmt.Println(bailiwicktest.Steps(t, w.DB("till"), "s1"))
	bailiwicktest.WantSaga(t, w.DB("till"), "s1", saga.Compensated)
	bailiwicktest.WantRows(t, w.DB("till"), `SELECT id, state FROM sale`, "s1 no-credit")
	// Output:
	// [create do done pay do waits]
	// [create do done pay do rejected create undo done]
}

// A process dies when a payment is committed and nobody has been told.
func ExampleWorld_CrashAt() {
	t := newExampleT()
	defer t.end()

	w := bailiwicktest.Run(t, till, bank)
	w.CrashAt("bank", "bank.pay", bailiwicktest.AfterCommit)
	w.Post("/till/sales", sale{ID: "s1", Price: 5}, nil)
	w.Settle()
	fmt.Println(bailiwicktest.Rows(t, w.DB("bank"), `SELECT sale, amount FROM entry`))
	// Output: [s1 5]
}

// One service, by hand: its reply to a command, and to the same one again.
func ExampleNewAlone() {
	t := newExampleT()
	defer t.end()

	service, err := bank.New(bailiwicktest.Open(t, "bank", bank.Migrations))
	if err != nil {
		t.Fatal(err)
	}
	alone := bailiwicktest.NewAlone(t, service)
	for range 2 {
		reply, err := alone.Do("till", "bank.pay", "s1", "pay", sale{ID: "s1", Price: 5})
		fmt.Println(reply.Step, reply.Outcome, err)
	}
	fmt.Println(bailiwicktest.Rows(t, service.DB, `SELECT sale, amount FROM entry`))
	// Output:
	// pay done <nil>
	// pay done <nil>
	// [s1 5]
}

// A database for one test; what was published in it.
func ExampleOpen() {
	t := newExampleT()
	defer t.end()

	db := bailiwicktest.Open(t, "till", till.Migrations)
	err := db.Do(t.Context(), func(tx *store.Tx) error {
		return outbox.Publish(tx, "till.sold", 1, "s1", sale{ID: "s1", Price: 5})
	})
	fmt.Println(bailiwicktest.Published[sale](t, db, "till.sold"), err)
	// Output: [{s1 5}] <nil>
}

// Half a year is a step.
func ExampleClock() {
	clock := bailiwicktest.NewClock()
	rings := clock.After(26 * 7 * 24 * time.Hour)
	clock.Advance(26 * 7 * 24 * time.Hour)
	fmt.Println((<-rings).Format(time.DateOnly))
	// Output: 2026-07-06
}

// exampleT does for an example what a *testing.T does for a test.
type exampleT struct {
	testing.TB // nil: what is not here is not used
	dir        string
	mu         sync.Mutex
	dirs       int
	cleanups   []func()
}

func newExampleT() *exampleT {
	dir, err := os.MkdirTemp("", "bailiwicktest-")
	if err != nil {
		panic(err)
	}
	return &exampleT{dir: dir}
}

func (t *exampleT) Helper()                  {}
func (t *exampleT) Context() context.Context { return context.Background() }
func (t *exampleT) Output() io.Writer        { return io.Discard }
func (t *exampleT) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Error(args ...any)        { fmt.Println(args...) }
func (t *exampleT) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

func (t *exampleT) Errorf(format string, args ...any) { t.Error(fmt.Sprintf(format, args...)) }
func (t *exampleT) Fatalf(format string, args ...any) { t.Fatal(fmt.Sprintf(format, args...)) }

func (t *exampleT) TempDir() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dirs++
	dir := filepath.Join(t.dir, fmt.Sprint(t.dirs))
	if err := os.Mkdir(dir, 0o700); err != nil {
		panic(err)
	}
	return dir
}

func (t *exampleT) end() {
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		t.cleanups[last]()
		t.cleanups = t.cleanups[:last]
	}
	os.RemoveAll(t.dir)
}
