package verdict_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// A world without faults breaks nothing, and every invariant has something to look at.
func TestSmallWorld(t *testing.T) {
	v := small().check()
	for _, violation := range v.Violations() {
		t.Error(violation)
	}
	if idle := v.Vacuous(); len(idle) > 0 {
		t.Errorf("these met nothing: %v", idle)
	}
}

// Of nothing at all nothing is said, and every invariant admits that.
func TestNothing(t *testing.T) {
	v := verdict.Check(nil, nil, bank.State{})
	names, _ := verdict.Invariants()
	if idle := v.Vacuous(); !slices.Equal(idle, names) {
		t.Errorf("these met nothing: %v of %v", idle, names)
	}
	if all := v.Violations(); len(all) > 0 {
		t.Error(all)
	}
}

// While services run, a consumer that is behind is no violation, and money that is not
// where the messages say is one.
func TestRunning(t *testing.T) {
	for _, c := range []struct {
		what           string
		ledger, wallet bank.Running
		between        int64
		found          bool
	}{
		{"ledger is at the head", bank.Running{Sum: -30, Seq: 7}, bank.Running{Sum: 970, Seq: 7}, 0, false},
		{"ledger is behind", bank.Running{Sum: -30, Seq: 7}, bank.Running{Sum: 990, Seq: 9}, 20, false},
		{"a change without a message", bank.Running{Sum: -30, Seq: 7}, bank.Running{Sum: 990, Seq: 9}, 0, true},
		{"a message without a change", bank.Running{Sum: -30, Seq: 7}, bank.Running{Sum: 970, Seq: 9}, 20, true},
		{"an entry too many", bank.Running{Sum: -60, Seq: 7}, bank.Running{Sum: 970, Seq: 7}, 0, true},
		{"ledger heard what was never told", bank.Running{Sum: -30, Seq: 8}, bank.Running{Sum: 970, Seq: 7}, 0, true},
	} {
		if v := verdict.Running(c.ledger, c.wallet, c.between, 1000); (v != nil) != c.found {
			t.Errorf("%s: %v", c.what, v)
		}
	}
}

// A deposit was entered twice: the balance is right, the ledger is not.
func ExampleCheck() {
	start := map[string]int64{"ada": 5}
	ops := []history.Op{{Kind: history.Move, ID: "k1", To: "ada", Amount: 10, Outcome: history.OK, Value: 15, Return: 1}}
	deposit := bank.Move{Message: "m1", Transfer: "d1", Account: "ada", Delta: 10, Kind: bank.Direct}
	entry := bank.Entry{Move: deposit}
	state := bank.State{
		Accounts: []bank.Account{{ID: "ada", Balance: 15}},
		Moves:    []bank.Move{deposit},
		Entries:  []bank.Entry{entry, entry},
		Logs:     []bank.Log{{Name: "wallet/outbox", Messages: []string{"m1"}}},
	}
	for _, v := range verdict.Check(start, ops, state).Violations() {
		fmt.Println(v)
	}
	// Output:
	// balance-entries: ada began with 5, its entries are +20, and its balance is 15
	// entered-once: message m1 was entered 2 times
}
