//go:build proof

package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store/driver"
)

// A process dies at each point; what it was told is there, and what it died in all or
// nothing, as the point says. Whoever comes next goes on from there.
func TestDiesAtPoints(t *testing.T) {
	if url := os.Getenv("DIE_IN"); url != "" {
		untilDeath(t, url, os.Getenv("DIE_AT"))
		return
	}
	for _, c := range []struct {
		point         string
		told          int
		head, stamped int64 // of the log, and what is left to stamp
		fork          bailiwick.Fork
	}{
		{"before-commit:3", 2, 0, 2, bailiwick.Fork{Epoch: 2, Seq: 2}},
		{"after-commit:3", 2, 0, 3, bailiwick.Fork{Epoch: 2, Seq: 3}},
		{"after-stamp", 5, 5, 0, bailiwick.Fork{Epoch: 2, Seq: 5}},
		{"rebuilding", 6, 5, 0, bailiwick.Fork{Epoch: 2, Seq: 5}},
	} {
		t.Run(c.point, func(t *testing.T) {
			url := server.Database(t)
			child := exec.Command(os.Args[0], "-test.run", "^TestDiesAtPoints$")
			child.Env = append(os.Environ(), "DIE_IN="+url, "DIE_AT="+c.point)
			out, err := child.Output()
			if told := strings.Count(string(out), "told\n"); err == nil || told != c.told || strings.Contains(string(out), "lives") {
				t.Fatalf("it was told of %d outcomes, want %d, and ended with %v:\n%s", told, c.told, err, out)
			}
			d := opened(t, url, Options{})
			if state, err := d.LogState(t.Context()); err != nil || state.Head != c.head || state.Epoch != 1 {
				t.Errorf("the log stands at %+v: %v", state, err)
			}
			if msgs := stampAll(t, d, 2, 10); int64(len(msgs)) != c.stamped {
				t.Errorf("%d messages were left to stamp, want %d", len(msgs), c.stamped)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if fork, err := Rebase(t.Context(), url, Options{Owner: "order"}); err != nil || fork != c.fork {
				t.Errorf("a new incarnation forks at %+v, want %+v: %v", fork, c.fork, err)
			}
		})
	}
}

// untilDeath commits five messages, stamps them and begins a new incarnation of the
// log, unless it dies.
func untilDeath(t *testing.T, url, point string) {
	d, err := open(context.Background(), url, Options{Owner: "order"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := proof.Arm(point); err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		do(t, d, func(tx driver.Tx) error { return tx.Append([]bailiwick.Message{message("k", n)}) })
		fmt.Println("told")
	}
	if _, err := d.Stamp(context.Background(), 1, 10); err != nil {
		t.Fatal(err)
	}
	fmt.Println("told")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Rebase(context.Background(), url, Options{Owner: "order"}); err != nil {
		t.Fatal(err)
	}
	fmt.Println("lives")
}
