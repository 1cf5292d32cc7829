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

// ahead is an engine on which another process writes: nobody tells of its messages.
type ahead struct {
	driver.DB
	head int64
}

func (*ahead) OnCommit(func([]bailiwick.Message)) {}

func (a *ahead) LogState(context.Context) (LogState, error) {
	return LogState{Name: "order/outbox", Epoch: 1, Head: a.head}, nil
}

func (*ahead) ReadLog(context.Context, int64, int) ([]bailiwick.Message, error) { return nil, nil }

// A follower that read from another process of the owner may stand beyond what this
// one has heard of; that is no fork.
func TestAPositionThatOnlyTheDatabaseKnowsIsNoFork(t *testing.T) {
	engine := &ahead{head: 3}
	db := New(engine, "order", Options{})
	if _, err := db.log.State(t.Context()); err != nil {
		t.Fatal(err)
	}
	engine.head = 5
	if _, err := db.log.read(t.Context(), bailiwick.Position{Epoch: 1, Seq: 5}, 10, false); err != nil {
		t.Errorf("a position at the head: %v", err)
	}
	if _, err := db.log.read(t.Context(), bailiwick.Position{Epoch: 1, Seq: 6}, 10, false); bailiwick.CodeOf(err) != bailiwick.Forked {
		t.Errorf("a position beyond the head: %v", err)
	}
}
