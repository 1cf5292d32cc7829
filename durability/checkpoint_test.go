package durability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// The engine copies a long log into the file by itself, in the background, and begins
// the log anew. The power may go at any moment of that, and after it, when what was
// copied stands nowhere else.
func TestPowerCutWhileTheEngineCheckpoints(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 8))
	r := blank().record(t, sqlite.Full, "long", chance, tradeLong)
	file, copies, anew, end := moments(r.ops)
	if copies == 0 || anew < copies {
		t.Fatalf("of %d operations, number %d copies into the file and %d begins the log anew", len(r.ops), copies, anew)
	}
	places := slices.Concat(draws(chance, 6, anew-copies), draws(chance, 12, end-anew))
	for i := range places {
		places[i] += copies
		if i >= 6 {
			places[i] += anew - copies
		}
	}
	for _, place := range places {
		r.play(place)
		r.survives(t, chance, disk.Luck(chance.IntN(int(disk.Lucks))))
	}

	// Without the sync of the file that has to come before, it would be lost.
	deaf := &run{disk: disk.New(nil), known: newKnown(), ops: deafen(r.ops, func(op disk.Op) bool {
		return op.Kind == disk.Sync && op.File == file && op.Before > copies
	})}
	deaf.play(end)
	if _, list := deaf.cut(t, chance, disk.Nothing); len(list) == 0 {
		t.Error("a copy that was not synced is not missed")
	}
}

// closing is told before a machine is closed, which copies the log as well.
type closing struct{}

// tradeLong makes a log that is long enough for the engine to copy it, until it has
// begun anew, and goes on trading.
func tradeLong(m *machine, dir, name string, chance *rand.Rand) error {
	if err := m.follow(); err != nil {
		return err
	}
	ballast := make([]byte, 1<<20)
	var first []byte
	for i := 0; ; i++ {
		if err := m.transfer(draw(fmt.Sprintf("%s.%d", name, i), chance)); err != nil {
			return err
		}
		log, err := salts(filepath.Join(dir, "bank.db-wal"))
		switch {
		case err != nil:
			return err
		case first == nil:
			first = log
		case !bytes.Equal(log, first):
			return m.tradeOn(name, chance)
		case i == 100:
			return errors.New("the log does not begin anew")
		}
		ballast[chance.IntN(len(ballast))]++
		before := m.bank.Stats()
		err = m.bank.Do(context.Background(), func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("INSERT OR REPLACE INTO ballast VALUES (1, ?)", ballast)
			return err
		})
		if err != nil {
			return err
		}
		m.rest(before.Syncs + 1)
	}
}

// salts returns what tells a write-ahead log from the one before it.
func salts(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	salts := make([]byte, 8)
	_, err = f.ReadAt(salts, 16)
	return salts, err
}

// rest lets the engine copy the log while nobody writes: until it has synced more
// than so many times, or a moment has passed, because mostly it has nothing to copy.
func (m *machine) rest(syncs int64) {
	for end := time.Now().Add(50 * time.Millisecond); time.Now().Before(end) && m.bank.Stats().Syncs <= syncs; {
		runtime.Gosched()
	}
}

// tradeOn makes some more transfers, one after another.
func (m *machine) tradeOn(name string, chance *rand.Rand) error {
	for i := range 20 {
		if err := m.transfer(draw(fmt.Sprintf("%s.more.%d", name, i), chance)); err != nil {
			return err
		}
	}
	m.tell(closing{})
	return nil
}

// moments returns the bank's file, and where on a tape it is first written to while
// there is trade, where its log begins anew after that, and where the trade ends.
func moments(ops []disk.Op) (file disk.File, copies, anew, end int) {
	var log disk.File
	traded := false
	for i, op := range ops {
		switch op.Note.(type) {
		case tried:
			traded = true
		case closing:
			return file, copies, anew, i
		}
		switch {
		case op.Kind == disk.Create && op.Name == "bank.db":
			file = op.File
		case op.Kind == disk.Create && op.Name == "bank.db-wal":
			log = op.File
		case op.Kind != disk.Write || !traded:
		case op.File == file && copies == 0:
			copies = i
		case op.File == log && copies > 0 && op.Offset == 0:
			anew = i
		}
	}
	return file, copies, anew, len(ops)
}
