package supervise_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick/service/supervise"
)

// The environment variable that makes this test program a child, and says how it
// behaves.
const role = "SUPERVISE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		goleak.VerifyTestMain(m)
	case "obedient": // says its process id and stops when it is told to
		fmt.Println(os.Getpid())
		select {
		case <-supervise.Lifeline(context.Background()).Done():
		case <-time.After(time.Hour):
		}
	case "deaf":
		fmt.Println(os.Getpid())
		time.Sleep(time.Hour)
	case "refusing":
		os.Exit(3)
	case "parent": // has a child of its own, whose process id it passes on
		_ = supervise.Run(context.Background(), supervise.Options{Logger: quiet}, child("obedient", func(line string) { fmt.Println(line) }))
	}
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

// command runs this test program in a role.
func command(as string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), role+"="+as)
	cmd.Stderr = os.Stderr
	return cmd
}

func child(as string, announced func(string)) supervise.Child {
	return supervise.Child{Name: as, Command: func() *exec.Cmd { return command(as) }, Announced: announced}
}

// running is a supervisor at work.
type running struct {
	pids chan int
	stop context.CancelFunc
	end  chan error
}

func run(t *testing.T, opts supervise.Options, as string) *running {
	t.Helper()
	if opts.Logger == nil {
		opts.Logger = quiet
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{pids: make(chan int, 16), stop: stop, end: make(chan error, 1)}
	t.Cleanup(stop)
	go func() {
		r.end <- supervise.Run(ctx, opts, child(as, func(line string) {
			pid, _ := strconv.Atoi(line)
			r.pids <- pid
		}))
	}()
	return r
}

func await[T any](t *testing.T, events <-chan T) T {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(20 * time.Second):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAKilledChildIsStartedAgain(t *testing.T) {
	r := run(t, supervise.Options{First: time.Millisecond}, "obedient")
	before := 0
	for range 3 {
		pid := await(t, r.pids)
		if pid == before || pid == 0 {
			t.Fatalf("process %d after process %d", pid, before)
		}
		kill(t, pid)
		before = pid
	}
	await(t, r.pids)
	r.stop()
	if err := await(t, r.end); err != nil {
		t.Error(err)
	}
}

// A child that hears is not killed; one that does not is.
func TestChildrenStopWithTheirParent(t *testing.T) {
	for as, end := range map[string]string{"obedient": "exit status 0", "deaf": "killed"} {
		var log strings.Builder
		r := run(t, supervise.Options{StopTimeout: map[string]time.Duration{"deaf": 50 * time.Millisecond}[as],
			Logger: slog.New(slog.NewTextHandler(&log, nil))}, as)
		await(t, r.pids)
		r.stop()
		if err := await(t, r.end); err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), end) {
			t.Errorf("the %s child did not end with %q:\n%s", as, end, &log)
		}
	}
}

func TestWhatIsFinalEndsAll(t *testing.T) {
	refused := errors.New("refused")
	r := run(t, supervise.Options{Final: func(name string, end *os.ProcessState) error {
		if name == "refusing" && end.ExitCode() == 3 {
			return refused
		}
		return nil
	}}, "refusing")
	if err := await(t, r.end); !errors.Is(err, refused) {
		t.Errorf("%v", err)
	}
}

// instant is a clock whose pauses are over at once, and told.
type instant struct{ pauses chan time.Duration }

func (instant) Now() time.Time { return time.Time{} }

func (c instant) After(d time.Duration) <-chan time.Time {
	c.pauses <- d
	over := make(chan time.Time, 1)
	over <- time.Time{}
	return over
}

func TestPausesGrow(t *testing.T) {
	clock := instant{make(chan time.Duration)}
	r := run(t, supervise.Options{Clock: clock, First: 3 * time.Second, Max: 10 * time.Second}, "refusing")
	for _, want := range []time.Duration{3 * time.Second, 6 * time.Second, 10 * time.Second, 10 * time.Second} {
		if got := await(t, clock.pauses); got != want {
			t.Errorf("a pause of %v, want %v", got, want)
		}
	}
	r.stop()
	for {
		select {
		case <-clock.pauses:
		case err := <-r.end:
			if err != nil {
				t.Error(err)
			}
			return
		}
	}
}

// The child of a parent that is killed sees the end of its standard input, and the
// test sees the end of both by the end of the output that they share.
func TestNoChildOutlivesAKilledParent(t *testing.T) {
	parent := command("parent")
	in, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	parent.Stdout, parent.Stderr = write, write
	// The child's errors go to the same pipe, by inheritance, and keep it open.
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	said := bufio.NewReader(read)
	line, err := said.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if pid, err := strconv.Atoi(strings.TrimSpace(line)); err != nil || pid == parent.Process.Pid {
		t.Fatalf("the child is process %q, its parent %d", line, parent.Process.Pid)
	}
	kill(t, parent.Process.Pid)
	_ = parent.Wait() // it was killed, and says so
	over := make(chan error, 1)
	go func() { _, err := io.Copy(io.Discard, said); over <- err }()
	if err := await(t, over); err != nil {
		t.Error(err)
	}
}
