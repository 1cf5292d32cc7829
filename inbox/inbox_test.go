package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/inbox"
	"github.com/bailiwick/bailiwick/store"
)

type registered struct {
	Name string `json:"name"`
}

func ExampleHandle() {
	open := func(tx *store.Tx, m *bailiwick.Message, user registered) error {
		fmt.Println("an account for", user.Name)
		return nil
	}
	handlers := follow.Handlers{"user.registered": inbox.Handle(1, open)}

	known := &bailiwick.Message{Type: "user.registered", Version: 1, Data: []byte(`{"name":"Ada"}`)}
	fmt.Println(handlers[known.Type](nil, known))
	newer := &bailiwick.Message{Type: "user.registered", Version: 2, Data: []byte(`{"names":["Ada"]}`)}
	fmt.Println(bailiwick.CodeOf(handlers[newer.Type](nil, newer)))
	// Output:
	// an account for Ada
	// <nil>
	// poison
}

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "till.db"), sqlite.Options{Owner: "till"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestHandleRefusesOtherData(t *testing.T) {
	h := inbox.Handle(1, func(*store.Tx, *bailiwick.Message, registered) error { return nil })
	err := h(nil, &bailiwick.Message{Type: "user.registered", Version: 1, Data: []byte(`{"name":`)})
	if bailiwick.CodeOf(err) != bailiwick.Poison {
		t.Errorf("got %v, want the code poison", err)
	}
}

// A message that comes twice has its effect once, unless the first attempt failed;
// another sender's message of the same id is another message.
func TestDeduplicate(t *testing.T) {
	db := open(t)
	calls := 0
	var fail error
	handler := func(*store.Tx, *bailiwick.Message) error { calls++; return fail }
	m := &bailiwick.Message{ID: db.NewID(), Type: "paid"}
	deliver := func(scope string) error {
		return db.Do(context.Background(), func(tx *store.Tx) error { return inbox.Deduplicate(scope, handler)(tx, m) })
	}
	fail = errors.New("jammed")
	if err := deliver("bank"); !errors.Is(err, fail) {
		t.Fatalf("got %v, want the handler's error", err)
	}
	fail, calls = nil, 0
	for i, step := range []struct {
		scope string
		want  int
	}{{"bank", 1}, {"bank", 1}, {"other bank", 2}, {"bank", 2}} {
		if err := deliver(step.scope); err != nil {
			t.Fatal(err)
		}
		if calls != step.want {
			t.Errorf("delivery %d: %d effects, want %d", i+1, calls, step.want)
		}
	}
}

func TestAnswer(t *testing.T) {
	db := open(t)
	calls := 0
	ask := func(request string) (reply []byte, repeated bool, err error) {
		err = db.Do(context.Background(), func(tx *store.Tx) error {
			reply, repeated, err = inbox.Answer(tx, "orders", "key-1", []byte(request), func() ([]byte, error) {
				if calls++; calls == 1 {
					return nil, errors.New("no stock")
				}
				return fmt.Appendf(nil, "reply %d", calls), nil
			})
			return err
		})
		return reply, repeated, err
	}
	if _, _, err := ask("one"); err == nil {
		t.Fatal("the first answer failed, and nobody said so")
	}
	for i := range 3 {
		reply, repeated, err := ask("one")
		if err != nil || string(reply) != "reply 2" || repeated != (i > 0) {
			t.Errorf("request %d: %q, repeated %v, %v", i+1, reply, repeated, err)
		}
	}
	if _, _, err := ask("another"); bailiwick.CodeOf(err) != bailiwick.KeyReused {
		t.Errorf("another request with the key: %v", err)
	}
}
