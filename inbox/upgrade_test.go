package inbox_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/store"
)

// newer is the second schema version of registered.
type newer struct {
	First, Last string
}

// A producer is upgraded before its consumer: what the consumer cannot read yet
// waits, with what comes after it of the same key, and is applied in order once the
// new consumer is there. What it never asked for passes by.
func TestANewerVersionWaitsForTheNewConsumer(t *testing.T) {
	ctx := t.Context()
	producer, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "user.db"), sqlite.Options{Owner: "user", Synchronous: sqlite.Off})
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	consumer := open(t)
	publish := func(key, typ string, version int, data string) {
		t.Helper()
		err := producer.Do(ctx, func(tx *store.Tx) error {
			return tx.Publish(bailiwick.Message{Key: key, Type: typ, Version: version, Data: []byte(data)})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	var applied []string
	// run runs a consumer's program until until says so.
	run := func(handlers follow.Handlers, until func() bool) {
		t.Helper()
		feed, err := producer.Log().Feed(ctx, store.Subscriber{Name: "till", Types: handlers.Types()})
		if err != nil {
			t.Fatal(err)
		}
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		f := &follow.Follower{DB: consumer, Source: feed, Handlers: handlers}
		go func() { ended <- f.Run(running) }()
		for !until() {
			select {
			case err := <-ended:
				t.Fatalf("the follower ended: %v", err)
			case <-time.After(time.Millisecond): // nothing tells of a position
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	passed := func() bool {
		list, err := follow.Status(ctx, consumer)
		if err != nil {
			t.Fatal(err)
		}
		state, err := producer.Log().State(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return len(list) == 1 && list[0].Position.Seq == state.Head
	}

	publish("ada", "user.registered", 1, `{"name":"Ada"}`)
	publish("ada", "user.registered", 2, `{"First":"Ada","Last":"Lovelace"}`)
	publish("bob", "user.teleported", 1, `{"to":"nowhere"}`)
	publish("ada", "user.registered", 1, `{"name":"Ada again","more":"than it knows"}`)
	publish("bob", "user.registered", 1, `{"name":"Bob"}`)
	run(follow.Handlers{"user.registered": inbox.Handle(1, func(tx *store.Tx, _ *bailiwick.Message, u registered) error {
		tx.AfterCommit(func() { applied = append(applied, u.Name) })
		return nil
	})}, passed)
	if want := []string{"Ada", "Bob"}; !slices.Equal(applied, want) {
		t.Errorf("the old consumer applied %q, want %q", applied, want)
	}
	parked, err := follow.List(ctx, consumer)
	if err != nil || len(parked) != 1 || parked[0].Key != "ada" || parked[0].Code != bailiwick.Poison || parked[0].Queued != 1 || parked[0].State != follow.StateParked {
		t.Fatalf("set aside: %+v, %v", parked, err)
	}

	applied = nil
	if err := follow.Replay(ctx, consumer, parked[0].Follower, "ada"); err != nil {
		t.Fatal(err)
	}
	run(follow.Handlers{"user.registered": inbox.Handle(2, func(tx *store.Tx, m *bailiwick.Message, u struct {
		registered
		newer
	}) error {
		name := u.Name
		if m.Version == 2 {
			name = u.First + " " + u.Last
		}
		applied = append(applied, name)
		return nil
	})}, func() bool {
		list, err := follow.List(ctx, consumer)
		return err == nil && len(list) == 0
	})
	if want := []string{"Ada Lovelace", "Ada again"}; !slices.Equal(applied, want) {
		t.Errorf("the new consumer applied %q, want %q", applied, want)
	}
}
