package durability

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// The engine copies a long log into the file by itself, in the background while
// others write, and begins the log anew. The power may go at any moment of that.
func TestPowerCutWhileTheEngineCheckpoints(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 8))
	r := blank().record(t, sqlite.Full, "long", chance, tradeLong)
	from, to := window(r.ops, "bank.db")
	if to-from < 300 {
		t.Fatalf("the engine copied nothing: operations %d to %d", from, to)
	}
	for _, place := range draws(chance, 12, to-from) {
		r.play(from + place)
		r.survives(t, chance, disk.Luck(chance.IntN(int(disk.Lucks))))
	}
}

// closing is told before a machine is closed, which copies the log as well.
type closing struct{}

// tradeLong makes a log that is long enough for the engine to copy it, and goes on
// trading.
func tradeLong(m *machine, dir, name string, chance *rand.Rand) error {
	if err := m.follow(); err != nil {
		return err
	}
	ballast := make([]byte, 1<<20)
	for i := range 30 {
		if err := m.transfer(draw(fmt.Sprintf("%s.%d", name, i), chance)); err != nil {
			return err
		}
		ballast[chance.IntN(len(ballast))]++
		err := m.bank.Do(context.Background(), func(tx *store.Tx) error {
			_, err := tx.SQL().Exec("INSERT OR REPLACE INTO ballast VALUES (1, ?)", ballast)
			return err
		})
		if err != nil {
			return err
		}
	}
	m.tell(closing{})
	return nil
}

// window returns where on a tape a database's file is first written to by its
// services' transactions, and where they end.
func window(ops []disk.Op, name string) (from, to int) {
	var file disk.File
	traded := false
	for i, op := range ops {
		switch op.Note.(type) {
		case tried:
			traded = true
		case closing:
			return from, i
		}
		if op.Kind == disk.Create && op.Name == name {
			file = op.File
		}
		if from == 0 && traded && op.Kind == disk.Write && op.File == file {
			from = i
		}
	}
	return from, len(ops)
}
