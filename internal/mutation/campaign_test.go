//go:build proof

package mutation

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/internal/torture"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
	"github.com/bailiwick/bailiwick/internal/torture/verdict"
)

var server pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	server.Stop()
	os.Exit(code)
}

// build makes the program whose processes can be broken.
func build(t *testing.T) (program string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "bailiwick")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	goBuild := exec.Command("go", "build", "-tags", "proof", "-o", program, "./cmd/bailiwick")
	goBuild.Dir = root
	if out, err := goBuild.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

// With every promise kept the campaign finds nothing, wherever its processes die.
func TestCampaignFindsNothingElse(t *testing.T) {
	full(t)
	program := build(t)
	for engine := range name {
		if found := campaign(t, Row{Campaign: engine}, program, 1); len(found) > 0 {
			t.Errorf("%s: %q", engine, found)
		}
	}
}

// The campaign, as "bailiwick torture" runs it, finds that money was lost or doubled
// without each promise that the table says so of.
func TestCampaignNotices(t *testing.T) {
	full(t)
	program := build(t)
	for _, r := range Table() {
		if r.Campaign == "" {
			continue
		}
		t.Run(string(r.Promise), func(t *testing.T) {
			t.Setenv(proof.Variable, string(r.Promise)) // the processes of the services inherit it
			begun := time.Now()
			found, seed := []string(nil), uint64(1)
			for ; len(found) == 0 && time.Since(begun) < patience; seed++ {
				found = campaign(t, r, program, seed)
			}
			took := time.Since(begun).Round(time.Second)
			switch {
			case len(found) == 0:
				t.Errorf("nothing was noticed in %s, by %d campaigns", took, seed-1)
			case took > within && !r.Simulation: // nobody else has noticed by then
				t.Errorf("it took %s to notice, more than %s: %q", took, within, found)
			default:
				t.Logf("seed %d, after %s: %q", seed-1, took, found)
			}
		})
	}
}

// lasting are the invariants that hold while services are still on their way. Those
// of rest say nothing of services that a busy machine has kept from it.
var lasting = []string{verdict.RunningSums, "key-once", "key-answer", "linearizable", "no-overdraft", "entered-once"}

// campaign tortures the services for a few seconds, and returns which invariants it
// found violated. That services do not come to rest alone would not be enough.
func campaign(t *testing.T, r Row, program string, seed uint64) (found []string) {
	t.Helper()
	opts := torture.Options{Seed: seed, For: 10 * time.Second, Rest: 12 * time.Second, Dir: t.TempDir(), Engine: r.Campaign, Faults: faults(r.Promise),
		Logger: slog.New(slog.DiscardHandler)}
	databases := map[string]string{}
	for _, service := range bank.Services() {
		databases[service] = "sqlite:" + filepath.Join(opts.Dir, service+".db")
		if r.Campaign == "postgres" {
			databases[service] = server.Database(t)
		}
	}
	if r.Campaign == "postgres" {
		opts.Instances = 2
	}
	opts.Command = func(life context.Context, service string, peers map[string]string) *exec.Cmd {
		args := []string{"torture", "serve", service, "--db", databases[service]}
		for name, url := range peers {
			args = append(args, "--peer", name+"="+url)
		}
		return exec.CommandContext(life, program, args...)
	}
	report, err := torture.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	rested := true
	for _, i := range report.Invariants {
		rested = rested && (i.Invariant != torture.Rested || len(i.Violations) == 0)
	}
	for _, i := range report.Invariants {
		if len(i.Violations) > 0 && (rested || slices.Contains(lasting, i.Invariant)) {
			found = append(found, i.Invariant)
		}
	}
	if len(found) == 0 {
		t.Logf("seed %d, at rest %v: %d violations, of %v", seed, rested, len(report.Invariants.Violations()), report.Operations)
	}
	return found
}

// faults are those under which a promise is needed. The campaign of all of them finds
// the same, later.
func faults(off proof.Promise) []nemesis.Kind {
	switch off {
	case proof.CommitOrder, proof.Queueing, proof.Autocommit:
		return []nemesis.Kind{} // clients alone do
	case proof.Barrier, proof.Replies:
		return []nemesis.Kind{nemesis.Lose, nemesis.Repeat, nemesis.CutAnswers}
	}
	return []nemesis.Kind{nemesis.Kill, nemesis.Point}
}
