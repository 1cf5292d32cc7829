package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/examples/shop"
	"github.com/bailiwick/bailiwick/examples/shop/shoptest"
	"github.com/bailiwick/bailiwick/store"
)

// Single processes are killed while a replay runs, each service at least twice, and
// between that the parent of all; the replay ends exact.
func TestKilledProcessesLeaveTheReplayExact(t *testing.T) {
	file := filepath.Join(t.TempDir(), "small.csv")
	csv := call(t, "demo", "--generate", "700", "--seed", "12").expect(t, 0).out
	if err := os.WriteFile(file, []byte(csv), 0o600); err != nil {
		t.Fatal(err)
	}
	replayWithoutSome(t, file, strings.Count(csv, "\n")-1, 25)
}

// The same on a large file, the real one where that is present.
func TestKilledProcessesLeaveTheLargeReplayExact(t *testing.T) {
	large := shoptest.NewLargeFile(t)
	replayWithoutSome(t, large.Path, large.Lines, 500)
}

// replayWithoutSome replays a file of so many lines over seven processes.
func replayWithoutSome(t *testing.T, file string, lines, every int) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	args := []string{"demo", "--processes", "--replay", file, "--data", filepath.Join(t.TempDir(), "data"), "--progress-lines", strconv.Itoa(every), "--json"}

	first := startFleet(t, args)
	first.killAt(victims(random, 0, lines*4/10))
	first.untilLine(lines * 4 / 10)
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	first.untilEnd() // of the children too: they hold its output open
	t.Logf("the last child ended %v after its parent was killed", time.Since(begun))

	second := startFleet(t, args)
	second.killAt(victims(random, lines*4/10, lines*9/10))
	second.untilEnd()
	if code := second.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, second.said())
	}
	if len(second.kills) > 0 {
		t.Errorf("%d processes were not killed", len(second.kills))
	}
	var report struct {
		Exact bool
		Run   struct{ Documents, Repeated int }
	}
	if err := json.Unmarshal(second.out.Bytes(), &report); err != nil {
		t.Fatalf("%v\n%s", err, &second.out)
	}
	if !report.Exact || report.Run.Repeated == 0 || report.Run.Repeated == report.Run.Documents {
		t.Errorf("%+v", report)
	}
}

// victim is a process that is killed when so many lines were processed.
type victim struct {
	name string
	at   int
}

// victims is every service once, at random lines within bounds.
func victims(random *rand.Rand, from, to int) []victim {
	names := shop.Names()
	random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	list := make([]victim, len(names))
	for i, name := range names {
		list[i] = victim{name, from + 1 + random.IntN(to-from)}
	}
	slices.SortFunc(list, func(a, b victim) int { return a.at - b.at })
	return list
}

// runningFleet is the program with its child processes.
type runningFleet struct {
	t     *testing.T
	cmd   *exec.Cmd
	out   bytes.Buffer
	lines *bufio.Scanner
	errs  []string
	pids  map[string]int // of running children
	line  int            // of the file, so many are processed
	kills []victim       // to come
}

func startFleet(t *testing.T, args []string) *runningFleet {
	t.Helper()
	f := &runningFleet{t: t, cmd: exec.Command(binary, args...), pids: map[string]int{}}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	f.cmd.Stdout, f.cmd.Stderr = &f.out, write
	err = f.cmd.Start()
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.cmd.Process.Kill(); read.Close() })
	f.lines = bufio.NewScanner(read)
	f.lines.Buffer(nil, 1<<20)
	return f
}

func (f *runningFleet) said() string {
	return strings.Join(f.errs[max(0, len(f.errs)-40):], "\n")
}

func (f *runningFleet) killAt(list []victim) { f.kills = list }

var started = regexp.MustCompile(`msg="started a child process" child=(\w+) pid=(\d+)`)

// next reads a line of what the program says, and kills whose turn it is.
func (f *runningFleet) next() bool {
	if !f.lines.Scan() {
		return false
	}
	text := f.lines.Text()
	f.errs = append(f.errs, text)
	if m := started.FindStringSubmatch(text); m != nil {
		f.pids[m[1]], _ = strconv.Atoi(m[2])
	}
	if words := strings.Fields(text); len(words) > 1 && words[0] == "replay:" {
		if n, err := strconv.Atoi(words[1]); err == nil {
			f.line = n
		}
	}
	for i := 0; i < len(f.kills) && f.kills[i].at <= f.line; {
		pid, runs := f.pids[f.kills[i].name]
		if !runs {
			i++ // when it has been started again
			continue
		}
		process, err := os.FindProcess(pid)
		if err == nil {
			err = process.Kill()
		}
		if err != nil {
			f.t.Errorf("kill %s, process %d: %v", f.kills[i].name, pid, err)
		}
		delete(f.pids, f.kills[i].name)
		f.kills = slices.Delete(f.kills, i, i+1)
	}
	return true
}

func (f *runningFleet) untilLine(line int) {
	f.t.Helper()
	for f.line < line || len(f.kills) > 0 {
		if !f.next() {
			f.cmd.Wait()
			f.t.Fatalf("it ended by itself: %v\n%s", f.cmd.ProcessState, f.said())
		}
	}
}

func (f *runningFleet) untilEnd() {
	for f.next() {
	}
	f.cmd.Wait() // its state tells
}

// A demo in seven processes is, from outside, the demo; stopped, it leaves nothing
// undone and nobody behind.
func TestDemoInProcesses(t *testing.T) {
	data := filepath.Join(t.TempDir(), "shop")
	d := startDemo(t, data, "--processes")
	id := d.order()
	for page, part := range map[string]string{"/healthz/ready": "ready", "/status": `"service":"payment"`, "/order/sagas/" + id: "place-order",
		"/order/metrics": `bailiwick_sagas{service="order"`, "/payment/openapi.json": `"openapi":"3.1`, "/order/feed": "payment.authorise"} {
		if body := d.get(page); !strings.Contains(body, part) {
			t.Errorf("%s lacks %q:\n%.2000s", page, part, body)
		}
	}
	call(t, "outbox", "status", "--data", data, "--service", "order").expect(t, 0, "order/outbox", "payment")
	call(t, "saga", "retry", id, "--data", data).expect(t, 1, "not parked") // the owner says so
	// One that is confirmed, and has yet to be paid, delivered and told of.
	id = d.order()
	if code := d.stop(); code != 0 {
		t.Fatalf("exit code %d\n%s", code, &d.errs)
	}
	if left, _ := filepath.Glob(filepath.Join(data, "*")); len(left) != 7 {
		t.Errorf("of seven databases are left: %v", left)
	}
	var s sagaRow
	call(t, "saga", "show", id, "--data", data, "--json").expect(t, 0).into(t, &s)
	if s.State != "completed" {
		t.Errorf("stopped with a saga that is %s", s.State)
	}
}

// A service that is refused stops the demo with its exit code: starting it again
// would change nothing.
func TestDemoInProcessesIsRefusedForeignFiles(t *testing.T) {
	data := t.TempDir()
	open(t, data, "orders").Close()
	if err := os.Rename(filepath.Join(data, "orders.db"), filepath.Join(data, "user.db")); err != nil {
		t.Fatal(err)
	}
	r := call(t, "demo", "--processes", "--data", data, "--addr", "127.0.0.1:0")
	if r.code != 3 || !strings.Contains(r.err, "belongs to orders") {
		t.Errorf("exit code %d\n%s", r.code, r.err)
	}
}

// startService runs one service alone.
func startService(t *testing.T, name string, args ...string) (cmd *exec.Cmd, said *bufio.Scanner) {
	t.Helper()
	cmd = exec.Command(binary, append([]string{"run", name, "--addr", "127.0.0.1:0"}, args...)...)
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { cmd.Wait(); write.Close() }()
	enough := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() }) // whoever waits for its words is told that it ended
	t.Cleanup(func() { enough.Stop(); cmd.Process.Kill(); io.Copy(io.Discard, read) })
	return cmd, bufio.NewScanner(read)
}

func await(t *testing.T, said *bufio.Scanner, part string) {
	t.Helper()
	for said.Scan() {
		if strings.Contains(said.Text(), part) {
			return
		}
	}
	t.Fatalf("it ended and did not say %q", part)
}

// A standby waits for the database of a running service and takes over when that is
// killed; without --standby it is refused.
func TestStandbyTakesOver(t *testing.T) {
	file := filepath.Join(t.TempDir(), "user.db")
	first, said := startService(t, "user", "--db", "sqlite:"+file)
	await(t, said, "takes requests")
	go func() {
		for said.Scan() {
		}
	}()
	call(t, "run", "user", "--addr", "127.0.0.1:0", "--db", "sqlite:"+file).expect(t, 3, "locked")
	_, other := startService(t, "user", "--db", "sqlite:"+file, "--standby")
	await(t, other, "standing by")
	begun := time.Now()
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	await(t, other, "taking over")
	await(t, other, "takes requests")
	t.Logf("the standby took requests %v after the kill", time.Since(begun))
	if _, running, err := sqlite.ReadLock(file); err != nil || !running {
		t.Errorf("nobody holds the database: %v", err)
	}
}

// A service that starts before the producer whose log it follows waits, and takes
// requests once that knows of it, although the producer waits for others itself.
func TestAServiceWaitsForItsProducers(t *testing.T) {
	dir := t.TempDir()
	reserved, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := reserved.Addr().String()
	reserved.Close()

	_, delivery := startService(t, "delivery", "--data", dir, "--peer", "order=http://"+at, "--json")
	if !delivery.Scan() {
		t.Fatal("it says nothing")
	}
	var where struct{ URL string }
	if err := json.Unmarshal(delivery.Bytes(), &where); err != nil {
		t.Fatal(err)
	}
	await(t, delivery, "waiting for a log")
	for page, want := range map[string]int{"/delivery/healthz/live": 200, "/delivery/healthz/ready": 503, "/delivery/deliveries/x": 503} {
		if response, err := http.Get(where.URL + page); err != nil || response.StatusCode != want {
			t.Errorf("%s: %v %v, want %d", page, response, err, want)
		} else {
			response.Body.Close()
		}
	}
	_, order := startService(t, "order", "--data", dir, "--addr", at, "--peers", "http://127.0.0.1:1")
	await(t, order, "order is at")
	await(t, delivery, "takes requests")
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "order.db"), sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	followers, err := db.Log().Followers(t.Context())
	i := slices.IndexFunc(followers, func(f store.RegisteredFollower) bool { return f.Name == "delivery" })
	if err != nil || i < 0 || len(followers[i].Types) == 0 {
		t.Errorf("registered with order: %+v, %v", followers, err)
	}
}
