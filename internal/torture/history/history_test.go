package history_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture/history"
)

// ticking is a clock that goes on by a millisecond whenever somebody looks.
type ticking struct {
	mu  sync.Mutex
	now time.Time
}

func (c *ticking) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *ticking) After(time.Duration) <-chan time.Time { return nil }

// record writes a history of three operations, of which one does not end.
func record(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history")
	r, err := history.Create(path, &ticking{})
	if err != nil {
		t.Fatal(err)
	}
	begin := func(op history.Op) history.Call {
		call, err := r.Call(op)
		if err != nil {
			t.Fatal(err)
		}
		return call
	}
	end := func(call history.Call, o history.Outcome, value int64, reason string) {
		if err := call.End(o, value, reason); err != nil {
			t.Fatal(err)
		}
	}
	paid := begin(history.Op{Client: 1, Kind: history.Transfer, ID: "k1", From: "a", To: "b", Amount: 5})
	begin(history.Op{Client: 2, Kind: history.Move, ID: "k2", To: "c", Amount: -3})
	read := begin(history.Op{Client: 3, Kind: history.Read, To: "c"})
	end(read, history.OK, 7, "")
	end(paid, history.Fail, 0, "limit")
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

var recorded = []history.Op{
	{Client: 1, Kind: history.Transfer, ID: "k1", From: "a", To: "b", Amount: 5, Call: 1e6, Return: 5e6, Outcome: history.Fail, Reason: "limit"},
	{Client: 2, Kind: history.Move, ID: "k2", To: "c", Amount: -3, Call: 2e6, Return: history.Never, Outcome: history.Info},
	{Client: 3, Kind: history.Read, To: "c", Value: 7, Call: 3e6, Return: 4e6, Outcome: history.OK},
}

func TestWhatWasRecordedIsRead(t *testing.T) {
	ops, err := history.Open(record(t))
	if err != nil || !slices.Equal(ops, recorded) {
		t.Errorf("%+v: %v", ops, err)
	}
}

// Wherever the file ends, what was asked for before is there; what was not known yet
// is unknown.
func TestTornFile(t *testing.T) {
	text, err := os.ReadFile(record(t))
	if err != nil {
		t.Fatal(err)
	}
	for n := range text {
		ops, err := history.ReadFrom(strings.NewReader(string(text[:n])))
		if err != nil {
			t.Fatalf("after %d bytes: %v", n, err)
		}
		for i, op := range ops {
			unknown := recorded[i]
			unknown.Outcome, unknown.Return, unknown.Value, unknown.Reason = history.Info, history.Never, 0, ""
			if op != recorded[i] && op != unknown {
				t.Errorf("after %d bytes: %+v", n, op)
			}
		}
		if calls := strings.Count(string(text[:n]), `"kind"`); len(ops) < calls-1 || len(ops) > calls {
			t.Errorf("after %d bytes: %d operations of %d calls", n, len(ops), calls)
		}
	}
}

// A timeout is not an end: the request may take effect later.
func TestInfoNeverReturns(t *testing.T) {
	ops, err := history.ReadFrom(strings.NewReader(`{"n":1,"call":{"kind":"move","id":"k","to":"a","at":1}}
{"n":1,"end":{"outcome":"info","reason":"timeout","at":2}}
`))
	if err != nil || len(ops) != 1 || ops[0].Return != history.Never || ops[0].Outcome != history.Info || ops[0].Reason != "timeout" {
		t.Errorf("%+v: %v", ops, err)
	}
}

func TestWhatIsNoHistory(t *testing.T) {
	const called = `{"n":1,"call":{"kind":"read","to":"a","at":5}}` + "\n"
	for _, text := range []string{
		"torture\n", "{}\n", `{"n":2,"call":{"kind":"read","to":"a","at":1}}` + "\n", `{"n":1,"end":{"outcome":"ok","at":1}}` + "\n",
		called + called, called + `{"n":1,"end":{"outcome":"perhaps","at":6}}` + "\n", called + `{"n":1,"end":{"outcome":"ok","at":4}}` + "\n",
		called + strings.Repeat(`{"n":1,"end":{"outcome":"ok","at":6}}`+"\n", 2), called + "{\"n\":1,\"e\n",
	} {
		if ops, err := history.ReadFrom(strings.NewReader(text)); bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Errorf("%q is %+v: %v", text, ops, err)
		}
	}
}

// A history is not written over, and one that cannot be recorded says so before the
// request is sent.
func TestRefusals(t *testing.T) {
	path := record(t)
	if _, err := history.Create(path, bailiwick.SystemClock{}); bailiwick.CodeOf(err) != bailiwick.Conflict {
		t.Errorf("a second history in one file: %v", err)
	}
	if _, err := history.Open(path + "s"); bailiwick.CodeOf(err) != bailiwick.NotFound {
		t.Errorf("a file that is not there: %v", err)
	}
	r, err := history.Create(path+"2", bailiwick.SystemClock{})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Call(history.Op{}); bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Errorf("a call that was not recorded: %v", err)
	}
}

// Whatever a file holds, it is a history or it is refused; and times of a history go
// forwards.
func FuzzReadFrom(f *testing.F) {
	text, err := os.ReadFile(record(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"n":1,"call":{"at":-1},"end":{}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		ops, err := history.ReadFrom(strings.NewReader(string(text)))
		if err != nil && bailiwick.CodeOf(err) != bailiwick.Invalid {
			t.Fatal(err)
		}
		for _, op := range ops {
			if op.Return < op.Call || (op.Outcome == history.Info) != (op.Return == history.Never) {
				t.Fatalf("%+v", op)
			}
		}
	})
}

// A transfer is recorded before it is asked for, and again when its end is known. The
// file tells of both.
func Example() {
	dir, err := os.MkdirTemp("", "history-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "history")
	recorder, err := history.Create(path, bailiwick.SystemClock{})
	if err != nil {
		fmt.Println(err)
		return
	}
	call, err := recorder.Call(history.Op{Kind: history.Transfer, ID: "k1", From: "ada", To: "bob", Amount: 30})
	// The request is sent, and its answer read.
	if err == nil {
		err = call.End(history.OK, 0, "")
	}
	if err == nil {
		_, err = recorder.Call(history.Op{Kind: history.Read, To: "ada"})
	}
	fmt.Println(err, recorder.Close()) // as if the process had been killed now
	ops, err := history.Open(path)
	for _, op := range ops {
		fmt.Println(op.Kind, op.ID, op.Outcome)
	}
	fmt.Println(err)
	// Output:
	// <nil> <nil>
	// transfer k1 ok
	// read  info
	// <nil>
}
