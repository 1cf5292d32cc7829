package store_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// What one follower has committed is kept for one that is expected and comes later.
func TestAnExpectedFollowerFindsTheLogsBeginning(t *testing.T) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "order.db"), sqlite.Options{Owner: "order", Synchronous: sqlite.Off})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log := db.Log()
	if err := log.Expect(ctx, "early", "late"); err != nil {
		t.Fatal(err)
	}
	err = db.Do(ctx, func(tx *store.Tx) error {
		for range 3 {
			if err := tx.Publish(bailiwick.Message{Key: "k", Type: "order.placed", Version: 1, Data: []byte("{}")}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	early, err := log.Feed(ctx, store.Subscriber{Name: "early"})
	if err != nil {
		t.Fatal(err)
	}
	early.Ack(bailiwick.Position{Epoch: 1, Seq: 3})
	if err := log.Trim(ctx); err != nil {
		t.Fatal(err)
	}
	before := db.Stats().Commits
	if err := log.Expect(ctx, "early", "late"); err != nil { // a restart changes nothing
		t.Fatal(err)
	}
	if n := db.Stats().Commits - before; n != 0 {
		t.Errorf("a restart made %d commits to find out that it knows them all", n)
	}
	followers, err := log.Followers(ctx)
	if err != nil || len(followers) != 2 || followers[0].Position.Seq != 3 || followers[1].Position.Seq != 0 {
		t.Fatalf("registered: %+v, %v", followers, err)
	}
	late, err := log.Feed(ctx, store.Subscriber{Name: "late", Types: []string{"order.placed"}})
	if err != nil {
		t.Fatal(err)
	}
	if followers, err = log.Followers(ctx); err != nil || len(followers[1].Types) != 1 {
		t.Errorf("the late follower is registered as %+v, %v", followers[1], err)
	}
	batch, err := late.Read(ctx, bailiwick.Position{}, 10)
	if err != nil || len(batch.Messages) != 3 {
		t.Fatalf("the late follower reads %d messages, %v", len(batch.Messages), err)
	}
}
