package durability

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/store"
)

// A verdict that was never seen to fail proves nothing. Here each promise is broken
// by what should break it, and has to be missed.
func TestTheVerdictSeesWhatIsBroken(t *testing.T) {
	for _, c := range []struct {
		name  string
		level sqlite.Synchronous
		deaf  []disk.Kind // the syncs that the disk does not listen to
		work  work
		sees  []promise
	}{
		{"the disk ignores syncs", sqlite.Full, []disk.Kind{disk.Sync, disk.SyncNames}, trade, []promise{acknowledged, inStep}},
		{"the disk ignores syncs of the directory", sqlite.Full, []disk.Kind{disk.SyncNames}, trade, []promise{acknowledged}},
		{"commits do not sync", sqlite.Normal, nil, trade, []promise{acknowledged, inStep}},
		{"nothing syncs", sqlite.Off, nil, trade, []promise{acknowledged, inStep, sound, opens}},
		{"the message has a transaction of its own", sqlite.Full, nil, tradeApart, []promise{whole}},
		{"the position has a transaction of its own", sqlite.Full, nil, enterApart, []promise{together}},
		{"the position is in another log", sqlite.Full, nil, enterAstray, []promise{catchesUp}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			chance := rand.New(rand.NewPCG(1, 4))
			missing := slices.Clone(c.sees)
			for attempt := 0; len(missing) > 0 && attempt < 40; attempt++ {
				r := blank().record(t, c.level, fmt.Sprint(attempt), chance, c.work, c.work)
				r.ops = deafen(r.ops, kinds(c.deaf...))
				for _, place := range draws(chance, 40, len(r.ops)) {
					r.play(place)
					_, list := r.cut(t, chance, disk.Luck(chance.IntN(int(disk.Lucks))))
					for _, b := range list {
						missing = slices.DeleteFunc(missing, func(p promise) bool { return p == b.promise })
					}
				}
			}
			if len(missing) > 0 {
				t.Errorf("nobody saw that this broke: %s", missing)
			}
		})
	}
}

// deafen takes operations out of a tape. The places of the others stay.
func deafen(ops []disk.Op, ignores func(disk.Op) bool) []disk.Op {
	ops = slices.Clone(ops)
	for i := range ops {
		if ignores(ops[i]) {
			ops[i] = disk.Op{Kind: disk.Tell}
		}
	}
	return ops
}

// kinds says which operations are of some kinds.
func kinds(list ...disk.Kind) func(disk.Op) bool {
	return func(op disk.Op) bool { return slices.Contains(list, op.Kind) }
}

// With commits that do not sync a power cut loses the last of them, as is said of
// [sqlite.Normal], and nothing else: the files are sound and no transaction is there
// by half.
func TestNormalLosesWholeTransactionsOnly(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 5))
	r := blank().record(t, sqlite.Normal, "normal", chance, trade, trade)
	lost := 0
	for _, place := range draws(chance, 60, len(r.ops)) {
		r.play(place)
		luck := disk.Luck(chance.IntN(int(disk.Lucks)))
		_, list := r.cut(t, chance, luck)
		for _, b := range list {
			switch b.promise {
			case acknowledged, inStep:
				lost++
			default:
				t.Errorf("power cut after operation %d of %d, %s of the unsynced survives: %v", place, len(r.ops), luck, b)
			}
		}
	}
	if lost == 0 {
		t.Error("nothing was lost")
	}
}

// tradeApart changes the rows in one transaction and publishes in the next.
func tradeApart(m *machine, _, name string, chance *rand.Rand) error {
	for i := range 20 {
		t := draw(fmt.Sprintf("%s.%d", name, i), chance)
		t.Amount = max(t.Amount, 1)
		m.tell(tried{t})
		err := m.bank.Do(context.Background(), func(tx *store.Tx) error { return write(tx, t) })
		if err == nil {
			err = m.bank.Do(context.Background(), func(tx *store.Tx) error { return publish(tx, t) })
		}
		if err != nil {
			return err
		}
		m.tell(done{t.ID})
	}
	return nil
}

// enterApart follows by hand: it enters a message in one transaction and moves the
// position in the next.
func enterApart(m *machine, _, name string, chance *rand.Rand) error {
	return m.followByHand(name, chance, func(msg told) error {
		err := m.ledger.Do(context.Background(), func(tx *store.Tx) error { return enter(tx, msg.seq, msg.transfer) })
		if err != nil {
			return err
		}
		return m.ledger.Do(context.Background(), func(tx *store.Tx) error { return m.move(tx, msg.seq, bailiwick.ID{}) })
	})
}

// enterAstray follows by hand, and writes down positions in another log's past.
func enterAstray(m *machine, _, name string, chance *rand.Rand) error {
	return m.followByHand(name, chance, func(msg told) error {
		return m.ledger.Do(context.Background(), func(tx *store.Tx) error {
			return errors.Join(enter(tx, msg.seq, msg.transfer), m.move(tx, msg.seq, m.ledger.NewID()))
		})
	})
}

// followByHand makes some transfers and has each message applied.
func (m *machine) followByHand(name string, chance *rand.Rand, apply func(told) error) error {
	for i := range 10 {
		if err := m.transfer(draw(fmt.Sprintf("%s.%d", name, i), chance)); err != nil {
			return err
		}
	}
	_, log, err := readLog(m.bank)
	if err != nil {
		return err
	}
	for _, msg := range log[m.at:] {
		if err := apply(msg); err != nil {
			return err
		}
	}
	return nil
}

// move moves the ledger's position.
func (m *machine) move(tx *store.Tx, seq int64, id bailiwick.ID) error {
	follower := m.bank.Log().Name()
	from, _, err := tx.Position(follower, 0)
	if err != nil {
		return err
	}
	to := bailiwick.Position{Epoch: 1, Seq: seq}
	return tx.Move(from.Position, store.FollowerPosition{Follower: follower, Lanes: 1, Position: to, ID: id})
}
