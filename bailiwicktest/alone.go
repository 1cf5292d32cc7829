package bailiwicktest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/service"
	"github.com/bailiwick/bailiwick/store"
)

// Alone is one service without followers: the test hands its handlers messages one by
// one, as a follower would, and sees what each returns.
type Alone struct {
	*service.Service
	t    testing.TB
	feed *store.Feed
	read bailiwick.Position
	ids  bailiwick.IDs
}

// NewAlone returns a service as a test drives it by hand. Its database runs until the
// test ends, the service's parts do not; make it on one that [Open] opened.
func NewAlone(t testing.TB, s *service.Service) *Alone {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.DB.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	feed, err := s.DB.Log().Feed(ctx, store.Subscriber{Name: "bailiwicktest", BestEffort: true})
	must(t, err)
	return &Alone{Service: s, t: t, feed: feed}
}

// Event hands the service an event of another service, of schema version 1, and
// returns what its handler does.
func (s *Alone) Event(producer, typ string, data any) error {
	s.t.Helper()
	return s.handle(producer, typ, data)
}

// A Reply is what a participant answered a saga.
type Reply struct {
	// Outcome is done, rejected or late.
	Outcome string `json:"outcome"`
	// Reason and Detail tell why it was rejected.
	Reason string `json:"reason"`
	Detail string `json:"detail"`
	// Step is the step that it belongs to.
	Step string `json:"step"`
	// Data is the JSON of what the action returned.
	Data json.RawMessage `json:"data"`
}

// Do hands the service the command of a saga's step, from the service that runs the
// saga, and returns its reply, or its handler's error. The saga's id and the step are
// what makes it the same command again.
func (s *Alone) Do(from, typ, saga, step string, data any) (Reply, error) {
	s.t.Helper()
	return s.command(from, typ, saga, step, "do", data)
}

// Undo hands the service the command that takes a step back.
func (s *Alone) Undo(from, typ, saga, step string, data any) (Reply, error) {
	s.t.Helper()
	return s.command(from, typ, saga, step, "undo", data)
}

// command writes the data of a command as docs/formats/saga.md describes it.
func (s *Alone) command(from, typ, saga, step, op string, data any) (Reply, error) {
	s.t.Helper()
	replyTo := from + ".saga.reply"
	err := s.handle(from, typ, map[string]any{
		"saga": "test", "id": saga, "step": step, "op": op, "reply_to": replyTo, "data": data,
	})
	if err != nil {
		return Reply{}, err
	}
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	for {
		if err := s.feed.Wait(ctx, s.read); err != nil {
			s.t.Fatalf("%s was not answered: %v", typ, err)
		}
		batch, err := s.feed.Read(ctx, s.read, 1000)
		must(s.t, err)
		s.read = batch.Through
		if reply, ok := s.replyIn(batch.Messages, replyTo, step); ok {
			return reply, nil
		}
	}
}

// replyIn finds the reply to a step among what the service published, and fails the
// test if there is a second one.
func (s *Alone) replyIn(list []*bailiwick.Message, replyTo, step string) (reply Reply, ok bool) {
	s.t.Helper()
	for _, m := range list {
		if m.Type != replyTo {
			continue // it tells others of what was done
		}
		if ok {
			s.t.Fatalf("step %s was answered twice", step)
		}
		must(s.t, json.Unmarshal(m.Data, &reply))
		if ok = reply.Step == step; !ok {
			s.t.Fatalf("step %s was answered as %s", step, reply.Step)
		}
	}
	return reply, ok
}

func (s *Alone) handle(producer, typ string, data any) error {
	s.t.Helper()
	handler := s.Follows[producer][typ]
	if handler == nil {
		s.t.Fatalf("%s does not handle %s of %s", s.Name, typ, producer)
	}
	body, err := json.Marshal(data)
	must(s.t, err)
	m := &bailiwick.Message{ID: s.ids.New(), Log: store.LogName(producer), Epoch: 1, Seq: 1, Key: "k", Type: typ, Version: 1,
		Time: time.Now().UTC(), Data: body}
	return s.DB.Do(context.Background(), func(tx *store.Tx) error {
		return tx.Handling(m, func() error { return handler(tx, m) })
	})
}
