package store

import (
	"context"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// stalled is an engine whose reading of the log's state takes until it is released.
type stalled struct {
	driver.DB
	tell             func([]bailiwick.Message)
	reading, release chan struct{}
}

func (s *stalled) OnCommit(fn func([]bailiwick.Message)) { s.tell = fn }

func (s *stalled) LogState(context.Context) (LogState, error) {
	close(s.reading)
	<-s.release
	return LogState{Name: "order/outbox", Epoch: 1}, nil
}

// A commit between the reading of the first state and its taking over must wake who
// waits: nothing else would, until the next commit.
func TestCommitDuringFirstReadOfStateIsSeen(t *testing.T) {
	engine := &stalled{reading: make(chan struct{}), release: make(chan struct{})}
	db := New(engine, "order", Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	woken := make(chan error)
	go func() { woken <- db.log.wait(ctx, 0) }()
	<-engine.reading
	engine.tell([]bailiwick.Message{{Epoch: 1, Seq: 1}})
	close(engine.release)
	if err := <-woken; err != nil {
		t.Fatalf("whoever waited was not woken: %v", err)
	}
}
