package main_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/internal/pgtest"
	"github.com/bailiwick/bailiwick/internal/torture"
	"github.com/bailiwick/bailiwick/internal/torture/bank"
	"github.com/bailiwick/bailiwick/internal/torture/history"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// tortureFor is how long the long campaigns last: go test ./cmd/bailiwick -torture 20m.
var tortureFor = flag.Duration("torture", 5*time.Minute, "how long each of the long campaigns of torture lasts, where "+pgtest.Variable+"=full")

// tortured is a server of its own: it is restarted all the time.
var tortured pgtest.Server

// Three short campaigns, and no promise is broken in any.
func TestTortureForAMoment(t *testing.T) {
	for seed := range 3 {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "kept")
			var report torture.Report
			r := call(t, "torture", "--seed", fmt.Sprint(seed+1), "--for", "4s", "--clients", "8", "--data", data, "--json")
			r.expect(t, 0).into(t, &report)
			sound(t, &report)
			if report.Seed != uint64(seed+1) || report.Engine != "sqlite" || !strings.Contains(r.err, fmt.Sprintf("seed %d", seed+1)) {
				t.Errorf("%+v\n%s", report, r.err)
			}
			for _, kept := range []string{"history.jsonl", "faults.jsonl", "state.json", "services.log", "wallet.db"} {
				if _, err := os.Stat(filepath.Join(data, kept)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// sound fails unless a campaign broke something of everything, and no promise.
func sound(t *testing.T, report *torture.Report) {
	t.Helper()
	var text strings.Builder
	if err := report.Print(&text); err != nil {
		t.Error(err)
	}
	if !report.Sound || len(report.Invariants.Violations()) > 0 {
		t.Errorf("promises were broken:\n%s", &text)
	}
	troubles := 0
	for k, n := range report.Faults {
		if k.OfLinks() {
			troubles += n
		}
	}
	if report.Faults[nemesis.Kill] == 0 || troubles == 0 || report.Operations[history.Transfer][history.OK] == 0 || report.Serves.Samples == 0 {
		t.Errorf("too little happened to prove anything:\n%s", &text)
	}
}

// What is asked for that cannot be is refused before anything is started.
func TestTortureThatIsWrong(t *testing.T) {
	for _, args := range []string{
		"torture extra", "torture --for 0s", "torture --clients 0", "torture --faults earthquake", "torture --faults restart", "torture --engine mysql",
		"torture --db sqlite:a.db", "torture --engine postgres", "torture --engine sqlite --db postgres://a", "torture --db postgres://a --data b",
		"torture --restart-server true",
	} {
		t.Run(args, func(t *testing.T) { call(t, strings.Fields(args)...).expect(t, 2, "bailiwick: ") })
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	call(t, "torture", "--data", full).expect(t, 1, "is not empty")
}

// long are the options of a campaign that takes its time.
func long(t *testing.T, url func(service string) string) torture.Options {
	t.Helper()
	if os.Getenv(pgtest.Variable) != "full" {
		t.Skip("it takes minutes, and runs where " + pgtest.Variable + "=full")
	}
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	urls := map[string]string{}
	for _, service := range bank.Services() {
		urls[service] = url(service)
	}
	return torture.Options{Seed: seed, For: *tortureFor, Dir: t.ArtifactDir(),
		Command: func(life context.Context, service string, peers map[string]string) *exec.Cmd {
			args := []string{"torture", "serve", service, "--db", urls[service]}
			for name, at := range peers {
				args = append(args, "--peer", name+"="+at)
			}
			return exec.CommandContext(life, binary, args...)
		}}
}

// campaign runs one, and fails unless it is sound and killed processes were commonly
// back in time: the median serves within two seconds, and has its sagas ended within
// five. Each of them is held to that where nothing else is at work: recovery_test.go.
func campaign(t *testing.T, opts torture.Options) {
	t.Helper()
	report, err := torture.Run(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	sound(t, report)
	if report.Serves.Median > 2*time.Second || report.Moves.Median > 5*time.Second {
		t.Errorf("killed processes served again after %v, and their sagas ended after %v", report.Serves, report.Moves)
	}
	for _, name := range report.Invariants.Vacuous() {
		t.Errorf("%s was held against nothing", name)
	}
	t.Logf("%d kills, %v", report.Faults[nemesis.Kill], report.Serves)
}

func TestTortureOnSQLite(t *testing.T) {
	dir := t.TempDir()
	opts := long(t, func(service string) string { return "sqlite:" + filepath.Join(dir, service+".db") })
	opts.Engine, opts.Files = "sqlite", true
	campaign(t, opts)
}

// On PostgreSQL two instances share each database, and its server is restarted
// without a shutdown.
func TestTortureOnPostgres(t *testing.T) {
	opts := long(t, func(string) string { return tortured.Database(t) })
	opts.Engine, opts.Instances, opts.Storm, opts.Pauses = "postgres", 2, 25*time.Second, [2]time.Duration{time.Second, 13 * time.Second}
	opts.RestartServer = func(context.Context) error { return tortured.Restart() }
	campaign(t, opts)
}

// The databases that a campaign makes on a server are gone when it is over.
func TestTortureLeavesNothingOnTheServer(t *testing.T) {
	url := server.Database(t)
	var report torture.Report
	call(t, "torture", "--seed", "1", "--for", "6s", "--clients", "4", "--db", url, "--json").expect(t, 0).into(t, &report)
	sound(t, &report)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	left := -1
	if err := db.QueryRow("SELECT count(*) FROM pg_database WHERE datname LIKE 'bailiwick%torture%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d databases are left: %v", left, err)
	}
}
