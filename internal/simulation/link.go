package simulation

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// An oddity is what a network, or who is careless behind it, does to one answer.
type oddity int

const (
	whole   oddity = iota
	lost           // no answer comes
	short          // one message, and the promise of more
	holed          // one of the messages is missing
	swapped        // two have changed places
	twice          // one comes again
)

// A link is another service's log as one process reads it. It is a [follow.Source].
type link struct {
	w    *world
	to   *process
	from *service
}

var errCut = &bailiwick.Error{Code: bailiwick.Unavailable, Op: "simulation: read", Err: errors.New("nobody answers")}

// Log returns the log's name.
func (l *link) Log() string { return store.LogName(l.from.name) }

// Read asks one of the instances that are there.
func (l *link) Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	pass, err := l.w.wait(ctx, &gate{key: l.to.name + " reads " + l.from.name + " " + after.String() + " " + strconv.Itoa(limit), of: l.to, alike: true, link: l})
	if err != nil {
		return bailiwick.Batch{}, err
	}
	var feeds []*store.Feed
	for _, p := range l.from.processes {
		if feed := p.feed(l.to.service.name); feed != nil && !p.paused {
			feeds = append(feeds, feed)
		}
	}
	if len(feeds) == 0 || pass.odd == lost || l.to.service.cut[l.from] {
		return bailiwick.Batch{}, errCut
	}
	if pass.odd == short {
		limit = 1
	}
	batch, err := feeds[pass.pick%uint64(len(feeds))].Read(ctx, after, limit)
	if err == nil && len(batch.Messages) > 1 {
		distort(&batch, pass)
	}
	return batch, err
}

// distort does to an answer of several messages what an oddity says.
func distort(batch *bailiwick.Batch, p pass) {
	i := int(p.pick % uint64(len(batch.Messages)-1))
	switch msgs := slices.Clone(batch.Messages); p.odd {
	case holed:
		batch.Messages = slices.Delete(msgs, i, i+1)
	case swapped:
		msgs[i], msgs[i+1] = msgs[i+1], msgs[i]
		batch.Messages = msgs
	case twice:
		batch.Messages = slices.Insert(msgs, i, msgs[i])
	}
}

// Wait waits until the news of a message has come.
func (l *link) Wait(ctx context.Context, after bailiwick.Position) error {
	pass, err := l.w.wait(ctx, &gate{key: l.to.name + " hears of " + l.from.name + " " + after.String(), of: l.to, alike: true,
		ready: func() bool { return !l.to.service.cut[l.from] && l.from.head() > after.Seq }})
	if pass.dead {
		return errCut
	}
	return err
}

// Ack tells every instance that is there.
func (l *link) Ack(at bailiwick.Position) {
	for _, p := range l.from.processes {
		if feed := p.feed(l.to.service.name); feed != nil {
			feed.Ack(at)
		}
	}
}
