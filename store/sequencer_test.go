package store

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// takenOver is a database whose former sequencer stamped a message after this
// process had read the log's state and before it got the lease: the message stands
// in the table, and Stamp never returns it.
type takenOver struct {
	driver.DB
	stamped atomic.Bool
}

func (d *takenOver) Capabilities() driver.Capabilities {
	return driver.Capabilities{Engine: "fake", Stamps: true, Shared: true}
}
func (d *takenOver) OnCommit(func([]bailiwick.Message))              {}
func (d *takenOver) Do(context.Context, func(driver.Tx) error) error { return nil }

func (d *takenOver) LogState(context.Context) (driver.LogState, error) {
	state := driver.LogState{Name: "order/outbox", Epoch: 1}
	if d.stamped.Load() {
		state.Head = 1
	}
	return state, nil
}

func (d *takenOver) Lease(_ context.Context, name, holder string, ttl time.Duration) (driver.Lease, error) {
	d.stamped.Store(true) // the last thing that the former holder did
	return driver.Lease{Name: name, Holder: holder, Term: 2, Held: ttl > 0}, nil
}

func (d *takenOver) Stamp(context.Context, int64, int) ([]bailiwick.Message, error) { return nil, nil }

func (d *takenOver) ReadLog(_ context.Context, after int64, _ int) ([]bailiwick.Message, error) {
	if after > 0 || !d.stamped.Load() {
		return nil, nil
	}
	return []bailiwick.Message{{Epoch: 1, Seq: 1, Key: "k", Type: "order.placed"}}, nil
}

// A process that takes the lease over makes known what the one before it stamped.
func TestNewSequencerReadsWhatTheOldOneStamped(t *testing.T) {
	db := New(&takenOver{}, "order", Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if _, err := db.log.State(ctx); err != nil { // head 0 is what is known
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- db.Run(running) }()
	if err := db.log.wait(ctx, 0); err != nil {
		t.Errorf("nobody heard of the message: %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// setBack is a clock that can be set back, without a monotonic reading.
type setBack struct {
	bailiwick.SystemClock
	by atomic.Int64
}

func (c *setBack) Now() time.Time { return time.Now().Round(0).Add(-time.Duration(c.by.Load())) }

// anothers is a database whose sequencer's lease another process has.
type anothers struct {
	takenOver
	asked chan struct{}
}

func (d *anothers) Lease(_ context.Context, name, _ string, _ time.Duration) (driver.Lease, error) {
	select {
	case d.asked <- struct{}{}:
	default:
	}
	return driver.Lease{Name: name, Holder: "another", Term: 1}, nil
}

// A clock that was set back does not keep a process from asking for the lease until
// it has come to where it was: not for an hour, nor for as long as a lease lasts.
func TestSequencerAsksThoughTheClockWasSetBack(t *testing.T) {
	clock, drv := &setBack{}, &anothers{asked: make(chan struct{})}
	db := New(drv, "order", Options{Clock: clock})
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx) }()
	for _, back := range []time.Duration{time.Hour, 9 * time.Second, 9 * time.Second, 0} {
		select {
		case <-drv.asked:
			clock.by.Add(int64(back))
		case <-ctx.Done():
			t.Fatal("it does not ask any more")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
