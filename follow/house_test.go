package follow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

var quiet = slog.New(slog.DiscardHandler)

// A house is two services, one of which follows the other. Time in it is virtual:
// tests run in a synctest bubble, where it jumps whenever everybody waits.
type house struct {
	t         testing.TB
	engine    engine
	from, to  *store.DB
	follower  *follow.Follower
	fail      func(m *bailiwick.Message) error
	stopping  context.CancelFunc
	stopped   chan error
	published int
}

// An engine opens the database of an owner, again and again.
type engine func(owner string) *store.DB

func newHouse(t testing.TB, e engine) *house {
	h := &house{t: t, engine: e}
	h.open()
	return h
}

// disks returns an engine in memory, and the disks of the two services.
func disks() (e engine, from, to *memory.Disk) {
	from, to = memory.NewDisk(memory.Options{}), memory.NewDisk(memory.Options{})
	return func(owner string) *store.DB {
		if owner == "shop" {
			return onDisk(from, owner)
		}
		return onDisk(to, owner)
	}, from, to
}

// onDisk opens a database in memory.
func onDisk(disk *memory.Disk, owner string) *store.DB {
	db, err := disk.Open(owner, store.Options{Logger: quiet})
	if err != nil {
		panic(err)
	}
	return db
}

// open opens both databases and makes a follower, as a process that starts would.
func (h *house) open() {
	h.from, h.to = h.engine("shop"), h.engine("till")
	h.follower = &follow.Follower{DB: h.to, Source: h.feed(), Handlers: follow.Handlers{"sold": h.apply},
		Rand: rand.New(rand.NewPCG(1, 2)), Logger: quiet}
}

func (h *house) feed() *store.Feed {
	h.t.Helper()
	feed, err := h.from.Log().Feed(context.Background(), store.Subscriber{Name: "till"})
	if err != nil {
		h.t.Fatal(err)
	}
	return feed
}

// publish publishes one message of type "sold" about each key.
func (h *house) publish(keys ...string) { h.t.Helper(); h.publishType("sold", keys...) }

func (h *house) publishType(typ string, keys ...string) {
	h.t.Helper()
	err := h.from.Do(context.Background(), func(tx *store.Tx) error {
		for i, key := range keys {
			if err := tx.Publish(bailiwick.Message{Type: typ, Version: 1, Key: key, Data: []byte(strconv.Itoa(h.published + i + 1))}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.published += len(keys)
}

// apply is the handler: the effect of a message is that its seq is written down
// after those of its key that were applied before, so that a second effect, a
// missing one and a wrong order all show.
func (h *house) apply(tx *store.Tx, m *bailiwick.Message) error {
	r, _, err := tx.Get("effect", m.Key)
	if err != nil {
		return err
	}
	var seqs []int64
	if len(r.Data) > 0 {
		if err := json.Unmarshal(r.Data, &seqs); err != nil {
			return err
		}
	}
	r.Data, _ = json.Marshal(append(seqs, m.Seq))
	r.Kind, r.Key, r.State = "effect", m.Key, "done"
	if err := tx.Put(r); err != nil {
		return err
	}
	if h.fail != nil {
		return h.fail(m) // after the effect, so that a leftover would be seen
	}
	return nil
}

// effects returns the seqs that were applied for a key, in the order in which
// they were.
func (h *house) effects(key string) (seqs []int64) {
	h.t.Helper()
	err := h.to.Read(context.Background(), func(tx *store.Tx) error {
		r, ok, err := tx.Get("effect", key)
		if err != nil || !ok {
			return err
		}
		return json.Unmarshal(r.Data, &seqs)
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return seqs
}

func (h *house) wantEffects(key string, want ...int64) {
	h.t.Helper()
	if got := h.effects(key); !slices.Equal(got, want) {
		h.t.Fatalf("effects of key %s: got %v, want %v", key, got, want)
	}
}

func (h *house) position() bailiwick.Position {
	h.t.Helper()
	list, err := follow.Status(context.Background(), h.to)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(list) == 0 {
		return bailiwick.Position{}
	}
	return list[0].Position
}

func (h *house) parked() []follow.ParkedKey {
	h.t.Helper()
	list, err := follow.List(context.Background(), h.to)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// start runs the follower until stop.
func (h *house) start() {
	ctx, cancel := context.WithCancel(context.Background())
	h.stopping, h.stopped = cancel, make(chan error, 1)
	go func() { h.stopped <- h.follower.Run(ctx) }()
}

func (h *house) stop() {
	h.t.Helper()
	h.stopping()
	if err := <-h.stopped; err != nil {
		h.t.Fatalf("Run: %v", err)
	}
}

// restart closes both databases under the running follower and begins anew.
func (h *house) restart() {
	h.t.Helper()
	h.from.Close()
	h.to.Close()
	h.stopping()
	<-h.stopped
	h.open()
	h.start()
}

// settle lets d pass, and everything that happens in it.
func (h *house) settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// wantStopped waits for Run to end by itself, with a code.
func (h *house) wantStopped(code bailiwick.Code) error {
	h.t.Helper()
	err := <-h.stopped
	h.stopping()
	if bailiwick.CodeOf(err) != code {
		h.t.Fatalf("Run ended with %v, want the code %s", err, code)
	}
	return err
}

// each runs a test in virtual time, on the engine in memory and on a real one. It
// fails when a goroutine is left over.
func each(t *testing.T, fn func(h *house)) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			e, _, _ := disks()
			h := newHouse(t, e)
			defer h.close()
			fn(h)
		})
	})
	t.Run("sqlite", func(t *testing.T) {
		dir := t.TempDir()
		synctest.Test(t, func(t *testing.T) {
			h := newHouse(t, files(t, dir))
			defer h.close()
			fn(h)
		})
	})
}

// onDisks runs a test in virtual time with the disks at hand, to break them.
func onDisks(t *testing.T, fn func(h *house, from, to *memory.Disk)) {
	synctest.Test(t, func(t *testing.T) {
		e, from, to := disks()
		h := newHouse(t, e)
		defer h.close()
		fn(h, from, to)
	})
}

// files is SQLite, a file for each owner.
func files(t testing.TB, dir string) engine {
	return func(owner string) *store.DB {
		db, err := sqlite.Open(context.Background(), filepath.Join(dir, owner+".db"), sqlite.Options{Owner: owner, Store: store.Options{Logger: quiet}})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
}

// close ends what a failed test has left running.
func (h *house) close() {
	if h.stopping != nil {
		h.stopping()
	}
	h.from.Close()
	h.to.Close()
}

var errBad = fmt.Errorf("the till is jammed")

// failing fails the first n attempts of every message of key.
func failing(key string, n int) func(*bailiwick.Message) error {
	return func(m *bailiwick.Message) error {
		if m.Key != key || n == 0 {
			return nil
		}
		n--
		return errBad
	}
}
