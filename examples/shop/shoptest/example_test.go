package shoptest_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/bailiwick/bailiwick/examples/shop/delivery"
	"github.com/bailiwick/bailiwick/examples/shop/delivery/deliveryapi"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
)

// A service answers the command of a saga's step, and answers it again without
// doing it again.
func ExampleBuild_OnSQLite() {
	t := newExampleT() // a test has its own *testing.T
	defer t.end()

	build := shoptest.Build{Name: delivery.Name, Migrations: delivery.Migrations, New: delivery.New}
	s := build.OnSQLite(t)
	for range 2 {
		reply, err := s.Do(deliveryapi.Schedule, "order-1", "deliver",
			deliveryapi.Consignment{Document: "order-1", Customer: "ann", Country: "France", Items: 3})
		fmt.Println(reply.Step, reply.Outcome, err)
	}
	client := deliveryapi.Client{Client: s.Client()}
	report, err := client.Report(context.Background())
	fmt.Println(report.Deliveries, report.Items, err)
	// Output:
	// deliver done <nil>
	// deliver done <nil>
	// 1 3 <nil>
}

// exampleT does for an example what a *testing.T does for a test.
type exampleT struct {
	testing.TB // nil: what is not here is not used
	dir        string
	cleanups   []func()
}

func newExampleT() *exampleT {
	dir, err := os.MkdirTemp("", "shoptest-")
	if err != nil {
		panic(err)
	}
	return &exampleT{dir: dir}
}

func (t *exampleT) Helper()                  {}
func (t *exampleT) Context() context.Context { return context.Background() }
func (t *exampleT) TempDir() string          { return t.dir }
func (t *exampleT) Output() io.Writer        { return io.Discard }
func (t *exampleT) Cleanup(f func())         { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Error(args ...any)        { fmt.Println(args...) }
func (t *exampleT) Fatal(args ...any)        { panic(fmt.Sprint(args...)) }

func (t *exampleT) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func (t *exampleT) end() {
	for len(t.cleanups) > 0 {
		last := len(t.cleanups) - 1
		t.cleanups[last]()
		t.cleanups = t.cleanups[:last]
	}
	os.RemoveAll(t.dir)
}
