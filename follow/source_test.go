package follow_test

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// scripted is a source that answers as it is told. It says that there is
// something to read until it has nothing more to answer.
type scripted struct {
	answers []answer
	acked   bailiwick.Position
	last    error // that it fails with when its wait is ended; nil means ctx's
}

type answer struct {
	batch bailiwick.Batch
	err   error
}

func (s *scripted) Log() string { return "shop/outbox" }

func (s *scripted) Read(context.Context, bailiwick.Position, int) (bailiwick.Batch, error) {
	a := s.answers[0]
	s.answers = s.answers[1:]
	return a.batch, a.err
}

func (s *scripted) Wait(ctx context.Context, _ bailiwick.Position) error {
	if len(s.answers) > 0 {
		return nil
	}
	<-ctx.Done()
	return cmp.Or(s.last, ctx.Err())
}

func (s *scripted) Ack(p bailiwick.Position) { s.acked = p }

// seqs is a batch of messages about key "a" with these seqs.
func seqs(through int64, list ...int64) answer {
	b := bailiwick.Batch{Through: bailiwick.Position{Epoch: 1, Seq: through}}
	for _, seq := range list {
		b.Messages = append(b.Messages, &bailiwick.Message{ID: bailiwick.ID{byte(seq)}, Epoch: 1, Seq: seq, Key: "a", Type: "sold", Version: 1})
	}
	return answer{batch: b}
}

// A message that is late shows itself at a second reading; what is missing there
// as well was removed.
func TestHoles(t *testing.T) {
	for name, c := range map[string]struct {
		answers []answer
		want    []int64
		through int64
	}{
		"late":            {[]answer{seqs(3, 1, 3), seqs(3, 1, 2, 3)}, []int64{1, 2, 3}, 3},
		"removed":         {[]answer{seqs(3, 1, 3), seqs(3, 1, 3)}, []int64{1, 3}, 3},
		"removed to head": {[]answer{seqs(9, 1, 2)}, []int64{1, 2}, 9},
		"all removed":     {[]answer{seqs(9)}, nil, 9},
		"unreachable":     {[]answer{{err: errors.New("no route")}, {err: errors.New("no route")}, seqs(1, 1)}, []int64{1}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(h *house) {
				source := &scripted{answers: c.answers}
				h.follower.Source = source
				h.start()
				h.settle(time.Minute)
				h.stop()
				h.wantEffects("a", c.want...)
				if source.acked.Seq != c.through {
					h.t.Errorf("acknowledged %s, want seq %d", source.acked, c.through)
				}
			})
		})
	}
}

// A source that breaks the order of its log is not believed.
func TestDisorder(t *testing.T) {
	for name, answers := range map[string][]answer{
		"back":     {seqs(3, 2, 1), seqs(3, 2, 1)},
		"repeated": {seqs(3, 1, 1, 2)},
		"short":    {seqs(1, 1, 2)},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(h *house) {
				h.follower.Source = &scripted{answers: answers}
				h.start()
				h.wantStopped(bailiwick.Internal)
				h.wantEffects("a")
			})
		})
	}
}

// A follower that is stopped returns nil, also where the source happens to fail in
// that moment: a request that is ended and one whose connection is refused just
// then look different and mean the same.
func TestStoppedWhileTheSourceFails(t *testing.T) {
	each(t, func(h *house) {
		h.follower.Source = &scripted{answers: []answer{seqs(1, 1)}, last: errors.New("connection refused")}
		h.start()
		h.settle(time.Minute)
		h.stop()
		h.wantEffects("a", 1)
	})
}

// absent is a feed whose service may be away.
type absent struct {
	*store.Feed
	away atomic.Bool
}

func (a *absent) Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	if a.away.Load() {
		return bailiwick.Batch{}, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "absent"}
	}
	return a.Feed.Read(ctx, after, limit)
}

func (a *absent) Wait(ctx context.Context, after bailiwick.Position) error {
	if a.away.Load() {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "absent"}
	}
	return a.Feed.Wait(ctx, after)
}

// However long the other service was away, its messages are applied within two
// seconds of its return: a saga with several such steps does not wait for each.
func TestSourceThatWasAwayIsReadSoon(t *testing.T) {
	onDisks(t, func(h *house, _, _ *memory.Disk) {
		source := &absent{Feed: h.feed()}
		h.follower.Source = source
		source.away.Store(true)
		h.start()
		for n := range 10 {
			source.away.Store(true)
			h.publish("a")
			h.settle(time.Minute)
			source.away.Store(false)
			h.settle(2 * time.Second)
			if got := h.effects("a"); len(got) != n+1 {
				t.Errorf("two seconds after return %d of the source, %d messages were applied", n+1, len(got))
			}
			h.settle(time.Minute)
		}
		h.stop()
	})
}
