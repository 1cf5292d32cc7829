// Command shop measures a replay of real trade through the shop's services, beside
// a floor program that makes the same durable commits in the same run.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

var services = []string{"user", "catalog", "inventory", "order", "payment", "delivery", "notification"}

// report is what of the replay's JSON is used here.
type report struct {
	Exact bool `json:"exact"`
	Run   struct {
		Seconds         float64 `json:"seconds"`
		Documents       int     `json:"documents"`
		OrdersPerSecond float64 `json:"orders_per_second"`
		ConfirmP50      float64 `json:"confirm_p50_ms"`
		ConfirmP99      float64 `json:"confirm_p99_ms"`
		Usage           struct {
			CPUSeconds float64 `json:"cpu_seconds"`
			Commits    int64   `json:"commits"`
			Syncs      int64   `json:"syncs"`
			Messages   int64   `json:"messages"`
		} `json:"usage"`
	} `json:"run"`
}

func main() {
	file := flag.String("file", "", "the CSV file to replay, plain or gzipped")
	parallel := flag.Int("parallel", 64, "invoices in flight")
	runs := flag.Int("runs", 2, "how many replays, each followed by the floor")
	dir := flag.String("dir", "", "where the databases lie; the disk that is measured (default: a temporary directory)")
	flag.Parse()
	if *file == "" {
		fmt.Fprintln(os.Stderr, "name the file to replay with --file")
		os.Exit(2)
	}
	if err := measure(*file, *dir, *parallel, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measure(file, dir string, parallel, runs int) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, "bailiwick-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	binary := filepath.Join(work, "bailiwick")
	build := exec.Command("go", "build", "-o", binary, "./cmd/bailiwick")
	build.Dir, build.Stderr = "..", os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build (run this in the directory bench): %w", err)
	}

	var times, ratios []float64
	for run := range runs {
		before, err := syncRate(work)
		if err != nil {
			return err
		}
		data := filepath.Join(work, "data")
		r, rss, err := replay(binary, file, data, parallel)
		if err != nil {
			return err
		}
		after, err := syncRate(work)
		if err != nil {
			return err
		}
		took, cpu, err := floorOf(data, filepath.Join(work, "floor"), r)
		if err != nil {
			return err
		}
		if err := os.RemoveAll(data); err != nil {
			return err
		}
		n := float64(r.Run.Documents)
		ratio := r.Run.Seconds / took
		times, ratios = append(times, r.Run.Seconds), append(ratios, ratio)
		fmt.Printf("run %d: %.1f s, %.0f orders/s, confirm p50 %.0f ms p99 %.0f ms, CPU %.2f ms/order, RSS %d MB, %.0f messages/s, %.2f commits/order, %.2f syncs/order; %.0f and %.0f fdatasync/s; floor %.1f s, CPU %.2f ms/order, ratio %.2f\n",
			run+1, r.Run.Seconds, r.Run.OrdersPerSecond, r.Run.ConfirmP50, r.Run.ConfirmP99, r.Run.Usage.CPUSeconds*1000/n, rss>>10,
			float64(r.Run.Usage.Messages)/r.Run.Seconds, float64(r.Run.Usage.Commits)/n, float64(r.Run.Usage.Syncs)/n, before, after, took, cpu*1000/n, ratio)
	}
	fmt.Printf("median: %.1f s, ratio to the floor %.2f\n", median(times), median(ratios))
	if half := len(times) / 2; half > 0 {
		fmt.Printf("A/A: median of the first half %.1f s, of the second %.1f s\n", median(times[:half]), median(times[len(times)-half:]))
	}
	return nil
}

// replay runs the file through a process of its own.
func replay(binary, file, data string, parallel int) (r report, peakRSS int64, err error) {
	cmd := exec.Command(binary, "demo", "--replay", file, "--data", data, "--json", "--parallel", fmt.Sprint(parallel))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Start(); err != nil {
		return r, 0, fmt.Errorf("replay: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-time.After(100 * time.Millisecond):
			peakRSS = max(peakRSS, peak(cmd.Process.Pid))
		}
	}
	if err != nil {
		return r, 0, fmt.Errorf("replay: %w", err)
	}
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return r, 0, err
	}
	if !r.Exact {
		return r, 0, fmt.Errorf("the replay was not exact: its time means nothing")
	}
	return r, peakRSS, nil
}

// peak returns the most memory that a process has had resident so far, in
// kilobytes; 0 where the system does not tell. What the system says of an ended
// process would include this program's own, from before it became the other.
func peak(pid int) (kilobytes int64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, _ = strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return kilobytes
}

// floorOf runs the floor on what a replay left: its commits and messages are shared
// out among the services by their rows. cpu is the processor time that it took, in
// seconds: beside it, that of the replay can be compared between machines.
func floorOf(data, dir string, r report) (seconds, cpu float64, err error) {
	var loads []serviceLoad
	rows := 0
	for _, name := range services {
		load, err := loadService(filepath.Join(data, name+".db"), name)
		if err != nil {
			return 0, 0, err
		}
		loads = append(loads, load)
		rows += load.rows()
	}
	for i := range loads {
		share := float64(loads[i].rows()) / float64(rows)
		loads[i].commits = max(1, int64(share*float64(r.Run.Usage.Commits)))
		loads[i].messages = int64(share * float64(r.Run.Usage.Messages))
	}
	before := cpuSeconds()
	took, err := floor(dir, loads)
	return took.Seconds(), cpuSeconds() - before, err
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
