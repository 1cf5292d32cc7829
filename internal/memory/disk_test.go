package memory_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

func open(t *testing.T, disk *memory.Disk) *memory.DB {
	t.Helper()
	db, err := disk.OpenDriver("till")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func put(key string) func(driver.Tx) error {
	return func(tx driver.Tx) error { return tx.Put(driver.Record{Kind: "k", Key: key, State: "s"}) }
}

// What an owner had not committed when it was killed never is, and nobody waits for it.
func TestKilledOwnerLeavesNothing(t *testing.T) {
	disk := memory.NewDisk(memory.Options{Shared: true, Stamps: true})
	first, second := open(t, disk), open(t, disk)
	holds, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- first.Do(context.Background(), func(tx driver.Tx) error {
			if err := put("a")(tx); err != nil {
				return err
			}
			close(holds)
			<-goOn
			return nil
		})
	}()
	<-holds
	first.Kill()
	if err := second.Do(context.Background(), put("a")); err != nil {
		t.Errorf("the lock was not free: %v", err)
	}
	close(goOn)
	if err := <-ended; bailiwick.CodeOf(err) != bailiwick.Closed {
		t.Errorf("the killed owner's transaction ended with %v", err)
	}
	if r := disk.Records("k"); len(r) != 1 || r["a"].Version != 1 {
		t.Errorf("got %+v", r)
	}
}

// Of two transactions that wait for each other one gives way and runs again.
func TestDeadlockEnds(t *testing.T) {
	disk := memory.NewDisk(memory.Options{Stamps: true})
	db := open(t, disk)
	var both sync.WaitGroup
	both.Add(2)
	ended := make(chan error, 2)
	for _, locks := range [][]string{{"a", "b"}, {"b", "a"}} {
		var once sync.Once
		go func() {
			ended <- db.Do(context.Background(), func(tx driver.Tx) error {
				if err := tx.Lock(locks[0]); err != nil {
					return err
				}
				once.Do(func() { both.Done(); both.Wait() }) // each has one of the locks
				if err := tx.Lock(locks[1]); err != nil {
					return err
				}
				return put(locks[0])(tx)
			})
		}()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n := len(disk.Records("k")); n != 2 {
		t.Errorf("%d of two transactions were committed", n)
	}
}

// A restored disk holds what the copy held, and its log goes on in another incarnation.
func TestRestore(t *testing.T) {
	disk := memory.NewDisk(memory.Options{})
	publish := func(n int) {
		t.Helper()
		db, err := disk.Open("till", store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for range n {
			err := db.Do(context.Background(), func(tx *store.Tx) error {
				return tx.Publish(bailiwick.Message{Key: "a", Type: "sold", Version: 1})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	publish(2)
	old := disk.Copy()
	publish(2)
	if fork := disk.Restore(old); fork != (bailiwick.Fork{Epoch: 2, Seq: 2}) {
		t.Errorf("it forks at %+v", fork)
	}
	publish(1)
	list := disk.Messages()
	if len(list) != 3 || list[1].Position() != (bailiwick.Position{Epoch: 1, Seq: 2}) || list[2].Position() != (bailiwick.Position{Epoch: 2, Seq: 3}) {
		t.Errorf("the log holds %+v", list)
	}
}

// A holder that is taken for gone loses its lease to whoever asks, under a higher term.
func TestForgottenHolder(t *testing.T) {
	disk := memory.NewDisk(memory.Options{Shared: true})
	db := open(t, disk)
	lease := func(holder string) driver.Lease {
		l, err := db.Lease(context.Background(), "job", holder, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	first := lease("a")
	if l := lease("b"); l.Held {
		t.Fatalf("b got it from a: %+v", l)
	}
	disk.ForgetHolders()
	if l := lease("b"); !l.Held || l.Term <= first.Term {
		t.Errorf("after a (term %d) b got %+v", first.Term, l)
	}
}
