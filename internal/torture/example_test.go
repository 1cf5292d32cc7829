package torture_test

import (
	"fmt"
	"os"
	"time"

	"github.com/bailiwick/bailiwick/internal/torture"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

// What a campaign comes to: [torture.Run] returns it, and people read it so.
func Example() {
	report := torture.Report{Seed: 7, Engine: "sqlite", Took: time.Minute, Rest: 2 * time.Second, Sound: true,
		Faults:     map[nemesis.Kind]int{nemesis.Kill: 21, nemesis.Lose: 4},
		Operations: map[history.Kind]map[history.Outcome]int{history.Transfer: {history.OK: 803, history.Fail: 214, history.Info: 9}},
		Serves:     torture.Recovery{Samples: 4, Median: 190 * time.Millisecond, Max: 240 * time.Millisecond},
		Moves:      torture.Recovery{Samples: 32, Median: 310 * time.Millisecond, Max: 420 * time.Millisecond},
		Invariants: verdict.Verdict{{Invariant: "transfer-ok", Checked: 803}}}
	if err := report.Print(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// seed  7  sqlite, tortured for 1m0s, at rest after 2s
	//
	// FAULT   TIMES
	// kill    21
	// lose    4
	// in all  25
	//
	// OPERATION  OK   FAIL  INFO
	// transfer   803  214   9
	//
	// AFTER A KILL      SAMPLES  MEDIAN  LONGEST
	// serves again      4        190ms   240ms
	// a saga has ended  32       310ms   420ms
	//
	// INVARIANT    CHECKED  VIOLATIONS
	// transfer-ok  803      0
	//
	// sound: nothing was lost or doubled
}
