package main_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
)

// kills is how often a replay is killed, each time with work in flight.
const kills = 20

// Killed with SIGKILL wherever it stands and run again, a replay ends exact: what
// was accepted is kept, what was in flight happens once.
func TestKilledAnywhereTheReplayIsExact(t *testing.T) {
	file := filepath.Join(t.TempDir(), "small.csv")
	csv := call(t, "demo", "--generate", "500", "--seed", "11").expect(t, 0).out
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	replayKilled(t, file, strings.Count(csv, "\n")-1, 50)
}

// The same on a large file, the real one where that is present.
func TestKilledAnywhereTheLargeReplayIsExact(t *testing.T) {
	large := shoptest.NewLargeFile(t)
	replayKilled(t, large.Path, large.Lines, 1000)
}

// replayKilled replays a file of so many lines, kills it at random moments that lie
// ever further on, and then lets it end.
func replayKilled(t *testing.T, file string, lines, every int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	at := make([]int, kills)
	for i := range at {
		at[i] = 1 + random.IntN(lines*9/10)
	}
	slices.Sort(at)
	data := filepath.Join(t.TempDir(), "data")
	for _, lines := range at {
		killAt(t, lines, "demo", "--replay", file, "--data", data, "--progress-lines", fmt.Sprint(every))
	}
	var report struct {
		Exact  bool
		Run    struct{ Documents, Repeated int }
		Checks []struct{ Name string }
	}
	call(t, "demo", "--replay", file, "--data", data, "--json").expect(t, 0).into(t, &report)
	if !report.Exact || len(report.Checks) == 0 {
		t.Errorf("not exact: %+v", report)
	}
	if report.Run.Repeated == 0 || report.Run.Repeated == report.Run.Documents {
		t.Errorf("%d of %d documents were there before the last run: the kills did not fall into the work", report.Run.Repeated, report.Run.Documents)
	}
}

// killAt runs the program until it says that it has processed so many lines, and
// kills it.
func killAt(t *testing.T, lines int, args ...string) {
	t.Helper()
	cmd := exec.Command(binary, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
		said = append(said, scanner.Text())
		words := strings.Fields(scanner.Text())
		if len(words) < 2 || words[0] != "replay:" {
			continue
		}
		if n, err := strconv.Atoi(words[1]); err == nil && n >= lines {
			_ = cmd.Process.Kill() // it may have ended; Wait tells
			break
		}
	}
	_ = cmd.Wait() // it was killed, and says so
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("it ended by itself before %d lines: %v\n%s", lines, cmd.ProcessState, strings.Join(said, "\n"))
	}
}
