package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/outbox"
	"github.com/bailiwick/bailiwick/store"
)

type sold struct {
	Pieces int `json:"pieces"`
}

func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "outbox")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	db, err := sqlite.Open(ctx, filepath.Join(dir, "shop.db"), sqlite.Options{Owner: "shop"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	err = db.Do(ctx, func(tx *store.Tx) error {
		// Change the service's own tables here, through tx.SQL(): both or neither.
		return outbox.Publish(tx, "item.sold", 1, "mug", sold{Pieces: 2})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	status, err := outbox.Status(ctx, db)
	fmt.Println(status.Name, status.Head, err)
	// Output: shop/outbox 1 <nil>
}

func open(t *testing.T) *store.DB {
	t.Helper()
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "shop.db"), sqlite.Options{Owner: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestPublishesWithTheTransactionOrNever(t *testing.T) {
	ctx := context.Background()
	db := open(t)
	changed := errors.New("changed my mind")
	err := db.Do(ctx, func(tx *store.Tx) error {
		if err := outbox.Publish(tx, "item.sold", 1, "mug", sold{1}); err != nil {
			return err
		}
		return changed
	})
	if !errors.Is(err, changed) {
		t.Fatal(err)
	}
	err = db.Do(ctx, func(tx *store.Tx) error { return outbox.Publish(tx, "item.sold", 1, "mug", func() {}) })
	if bailiwick.CodeOf(err) != bailiwick.Invalid {
		t.Errorf("publishing what is no JSON: %v", err)
	}
	if err := db.Do(ctx, func(tx *store.Tx) error { return outbox.Publish(tx, "item.sold", 1, "cup", sold{2}) }); err != nil {
		t.Fatal(err)
	}
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "till"})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := feed.Read(ctx, bailiwick.Position{}, 10)
	if err != nil || len(batch.Messages) != 1 || batch.Messages[0].Key != "cup" || string(batch.Messages[0].Data) != `{"pieces":2}` {
		t.Errorf("the log holds %+v, %v", batch.Messages, err)
	}
}

func TestStatus(t *testing.T) {
	ctx := context.Background()
	db := open(t)
	for _, who := range []store.Subscriber{{Name: "till"}, {Name: "search", BestEffort: true}} {
		if _, err := db.Log().Feed(ctx, who); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if err := db.Do(ctx, func(tx *store.Tx) error { return outbox.Publish(tx, "item.sold", 1, "mug", sold{1}) }); err != nil {
			t.Fatal(err)
		}
	}
	feed, err := db.Log().Feed(ctx, store.Subscriber{Name: "till"})
	if err != nil {
		t.Fatal(err)
	}
	feed.Ack(bailiwick.Position{Epoch: 1, Seq: 2})
	if err := db.Log().Trim(ctx); err != nil {
		t.Fatal(err)
	}
	s, err := outbox.Status(ctx, db)
	if err != nil || len(s.Followers) != 2 {
		t.Fatalf("status: %+v, %v", s, err)
	}
	if search, till := s.Followers[0], s.Followers[1]; s.Head != 3 || s.Low != 2 || s.Undelivered() != 1 ||
		search.Name != "search" || search.Lag != 3 || search.State != store.FollowerBestEffort ||
		till.Name != "till" || till.Lag != 1 || till.State != store.FollowerRequired {
		t.Errorf("status: %+v, undelivered %d", s, s.Undelivered())
	}
}
