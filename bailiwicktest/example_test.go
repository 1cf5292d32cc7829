package bailiwicktest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/bailiwicktest"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// An example is no test, so these make one up: in yours, t is the test's own.
type made struct {
	testing.TB
	dir  string
	ends []func()
}

func newTest() *made {
	dir, err := os.MkdirTemp("", "bailiwicktest")
	if err != nil {
		panic(err)
	}
	return &made{dir: dir}
}

func (t *made) Helper()                  {}
func (t *made) Name() string             { return "Example" }
func (t *made) Context() context.Context { return context.Background() }
func (t *made) TempDir() string          { return t.dir }
func (t *made) Output() io.Writer        { return io.Discard }
func (t *made) Cleanup(end func())       { t.ends = append(t.ends, end) }
func (t *made) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }
func (t *made) Error(args ...any)        { fmt.Println(args...) }

// end does what the end of a test does.
func (t *made) end() {
	for _, end := range slices.Backward(t.ends) {
		end()
	}
	_ = os.RemoveAll(t.dir)
}

var guests = []store.Migration{{Version: 1, Name: "guests", SQL: "CREATE TABLE guest (name TEXT PRIMARY KEY)"}}

// newHotel is the service under test: it books in whoever registers.
func newHotel(db *store.DB) (*service.Service, error) {
	return &service.Service{Name: "hotel", DB: db, Follows: map[string]follow.Handlers{
		"user": {"user.registered": inbox.Handle(1, func(tx *store.Tx, _ *bailiwick.Message, name string) error {
			_, err := tx.SQL().Exec("INSERT INTO guest (name) VALUES (?)", name)
			return err
		})},
	}}, nil
}

// A test's own database is closed and gone when the test ends.
func ExampleOpen() {
	t := newTest()
	defer t.end()
	db := bailiwicktest.Open(t, "hotel", guests)
	fmt.Println(db.Owner(), db.Capabilities().SQL)
	// Output: hotel true
}

// The test hands a service its messages one by one, and sees what becomes of them.
func ExampleNewAlone() {
	t := newTest()
	defer t.end()
	s, err := newHotel(bailiwicktest.Open(t, "hotel", guests))
	if err != nil {
		t.Fatal(err)
	}
	hotel := bailiwicktest.NewAlone(t, s)
	fmt.Println(hotel.Event("user", "user.registered", "anna"))
	fmt.Println(hotel.Event("user", "user.registered", 7) != nil) // no name
	bailiwicktest.WantRows(t, s.DB, "SELECT name FROM guest", "anna")
	// Output:
	// <nil>
	// true
}

// Time stands until the test moves it.
func ExampleNewClock() {
	clock := bailiwicktest.NewClock()
	begun := clock.Now()
	bell := clock.After(time.Hour)
	clock.Advance(59 * time.Minute)
	fmt.Println(len(bell))
	clock.Advance(time.Minute)
	fmt.Println((<-bell).Sub(begun))
	// Output:
	// 0
	// 1h0m0s
}
