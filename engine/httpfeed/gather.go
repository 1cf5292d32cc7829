package httpfeed

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// answer is what a reader is sent.
type answer struct {
	body    []byte // a JSON array once it is closed
	events  int
	leftOut int
	through bailiwick.Position
	last    place // of the last event
}

var bodies = sync.Pool{New: func() any { return new([]byte) }}

func newAnswer() *answer {
	body := *bodies.Get().(*[]byte)
	return &answer{body: append(body[:0], '[')}
}

// free gives the body's memory to the next answer.
func (a *answer) free() {
	if cap(a.body) <= 16<<20 {
		bodies.Put(&a.body)
	}
}

// add appends an event, unless it would make the body too large; the first always
// goes in.
func (a *answer) add(m *bailiwick.Message, maxBytes int) bool {
	before := len(a.body)
	if a.events > 0 {
		a.body = append(a.body, ",\n"...)
	}
	a.body = appendEvent(a.body, m)
	if a.events > 0 && len(a.body) >= maxBytes {
		a.body = a.body[:before]
		return false
	}
	a.events++
	a.last = place{m.Position(), m.ID}
	return true
}

// quiet is for how long at most a follower is left without an answer when the log
// moves on without anything for it: it has a position to commit, so that the log
// can be trimmed.
const quiet = time.Second

// gather collects what follows the reader's place, and waits for it where there is
// nothing yet.
func (s *server) gather(ctx context.Context, f *follower, ask request, a *answer) error {
	if err := s.samePast(ctx, f, ask.after); err != nil {
		return err
	}
	a.through = ask.after.Position
	err := s.read(ctx, f, ask, a)
	if err == nil {
		s.acknowledge(ask)
	}
	if err == nil && a.events == 0 && ask.wait > 0 {
		err = s.await(ctx, f, ask, a)
	}
	a.body = append(a.body, ']')
	return err
}

// await waits until there is an event, or the reader's time is over.
func (s *server) await(ctx context.Context, f *follower, ask request, a *answer) error {
	defer s.waiting.Add(-1)
	if s.waiting.Add(1) > int64(s.opts.MaxWaiting) {
		return errBusy
	}
	deadline := time.Now().Add(ask.wait)
	for a.events == 0 {
		if ask.follower != "" && a.through.Seq > ask.after.Seq {
			if soon := time.Now().Add(quiet); soon.Before(deadline) {
				deadline = soon
			}
		}
		waiting, stop := context.WithDeadline(ctx, deadline)
		err := f.feed.Wait(waiting, a.through)
		expired := ctx.Err() == nil && waiting.Err() != nil
		stop()
		if expired {
			return nil
		}
		if err == nil {
			err = s.read(ctx, f, ask, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	// firstPage is how many messages are read before their size is known: a
	// thousand large ones at once would be too much.
	firstPage = 16
	// scanned bounds how many messages that a follower does not care for one
	// answer passes over. It is told how far it came. Somebody who is not
	// registered may not understand that: an empty answer is the end to him.
	scanned = 50_000
)

// read adds what follows a.through, up to the end of the log or of the answer.
func (s *server) read(ctx context.Context, f *follower, ask request, a *answer) error {
	if state, ok := s.log.Known(); ok && a.through == (bailiwick.Position{Epoch: state.EpochAt(state.Head), Seq: state.Head}) {
		return nil // most polls come so: the database need not be asked
	}
	for page := min(firstPage, ask.limit); ; {
		batch, err := f.feed.Read(ctx, a.through, page)
		if err != nil {
			return err
		}
		for _, m := range batch.Messages {
			if !f.wants(m.Type) {
				a.leftOut++
			} else if !a.add(m, s.opts.MaxBytes) {
				return nil
			}
			a.through = m.Position()
		}
		a.through = batch.Through
		if len(batch.Messages) < page || a.events >= ask.limit || len(a.body) >= s.opts.MaxBytes || ask.follower != "" && a.leftOut >= scanned {
			return nil
		}
		page = s.nextPage(ask, a)
	}
}

// nextPage is how many messages may still go into the answer, judged by the size
// of those that are in it.
func (s *server) nextPage(ask request, a *answer) int {
	page := ask.limit - a.events
	if a.events > 0 {
		page = min(page, (s.opts.MaxBytes-len(a.body))/(len(a.body)/a.events)+1)
	}
	return page
}

// samePast makes sure that the message at the reader's place is the one that he
// has seen there. One that was trimmed cannot be compared.
func (s *server) samePast(ctx context.Context, f *follower, p place) error {
	if proof.Off(proof.Epochs) || p.id.IsZero() || p.Seq == 0 || s.sentAs(p.Seq) == p.id {
		return nil
	}
	batch, err := f.feed.Read(ctx, bailiwick.Position{Epoch: p.Epoch, Seq: p.Seq - 1}, 1)
	if bailiwick.CodeOf(err) == bailiwick.Gone {
		return nil
	}
	if err != nil || len(batch.Messages) == 0 || batch.Messages[0].Seq != p.Seq {
		return err
	}
	if got := batch.Messages[0].ID; got != p.id {
		return &bailiwick.Error{Code: bailiwick.Forked, Op: "httpfeed: read",
			Err: fmt.Errorf("at %s the log has the message %s", p, got),
			Do:  "do not skip: compare the follower's data with the log's past, then rebuild it from a snapshot"}
	}
	return nil
}
