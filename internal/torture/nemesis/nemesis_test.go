package nemesis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// broken counts what is broken at present, and writes down what was broken.
type broken struct {
	mu   sync.Mutex
	now  int
	was  []string
	done chan struct{} // closed after so many faults
	want int
}

// arm makes faults that only count.
func (b *broken) arm(s nemesis.Step) nemesis.Fault { return &counted{b, s} }

type counted struct {
	*broken
	step nemesis.Step
}

func (c *counted) Do(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.was = append(c.was, string(c.step.Kind)+" "+c.step.Target)
	if len(c.was) == c.want {
		close(c.done)
	}
	c.now++
	return nil
}

func (c *counted) Undo(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now--
	return nil
}

// endless is a plan's scope with faults that would outlast any test.
var endless = nemesis.Scope{Kinds: []nemesis.Kind{nemesis.Pause}, Processes: []string{"order", "wallet"}, Pauses: [2]time.Duration{time.Hour, 2 * time.Hour}}

// However long faults would last, all are mended when Run returns, and the log has
// each with its end; the same seed breaks the same things in the same order.
func TestEverythingIsMendedAtTheEnd(t *testing.T) { synctest.Test(t, mendedAtTheEnd) }

func mendedAtTheEnd(t *testing.T) {
	var first []string
	for range 2 {
		b := &broken{done: make(chan struct{}), want: 4}
		var out bytes.Buffer
		log := nemesis.NewLog(&out, bailiwick.SystemClock{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- nemesis.New(nemesis.NewPlan(5, endless), b.arm, log).Run(ctx) }()
		<-b.done
		stop()
		if err := <-ended; err != nil || b.now != 0 || log.Err() != nil {
			t.Errorf("%d things are still broken: %v, %v", b.now, err, log.Err())
		}
		begun, over := strings.Count(out.String(), `"begin"`), strings.Count(out.String(), `"end"`)
		if begun < 4 || over != begun {
			t.Errorf("%d begun, %d ended:\n%s", begun, over, &out)
		}
		for line := range strings.Lines(out.String()) {
			if !json.Valid([]byte(line)) {
				t.Errorf("%q", line)
			}
		}
		if counts := log.Counts(); counts[nemesis.Pause] != begun {
			t.Errorf("%v of %d", counts, begun)
		}
		if first == nil {
			first = b.was[:4]
		} else if !slices.Equal(first, b.was[:4]) {
			t.Errorf("%v and %v", first, b.was)
		}
	}
}

// refusing are faults that fail in one way.
type refusing struct{ do, undo error }

func (r refusing) Do(context.Context) error   { return r.do }
func (r refusing) Undo(context.Context) error { return r.undo }

func TestAFaultThatCannotBeDoneEndsTheRun(t *testing.T) { synctest.Test(t, endsTheRun) }

func endsTheRun(t *testing.T) {
	arm := func(nemesis.Step) nemesis.Fault { return refusing{do: errors.ErrUnsupported} }
	err := nemesis.New(nemesis.NewPlan(1, endless), arm, nemesis.NewLog(new(bytes.Buffer), bailiwick.SystemClock{})).Run(t.Context())
	if !errors.Is(err, errors.ErrUnsupported) || bailiwick.CodeOf(err) != bailiwick.Unavailable {
		t.Error(err)
	}
}

// What is away is not broken, does not count, and what has started anew is mended.
func TestWhatIsAwayIsMissed(t *testing.T) { synctest.Test(t, isMissed) }

func isMissed(t *testing.T) {
	for _, fault := range []refusing{{do: nemesis.ErrAway}, {undo: nemesis.ErrAway}} {
		var out bytes.Buffer
		log := nemesis.NewLog(&out, bailiwick.SystemClock{})
		ctx, stop := context.WithCancel(t.Context())
		n := 0
		err := nemesis.New(nemesis.NewPlan(1, endless), func(nemesis.Step) nemesis.Fault {
			if n++; n == 3 {
				stop()
			}
			return fault
		}, log).Run(ctx)
		if err != nil {
			t.Error(err)
		}
		if missed := strings.Count(out.String(), `"missed"`); (fault.do != nil) != (missed == 3) || (fault.do != nil) != (len(log.Counts()) == 0) {
			t.Errorf("%v\n%s", log.Counts(), &out)
		}
	}
}
