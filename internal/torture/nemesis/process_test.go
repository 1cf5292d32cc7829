package nemesis_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// role makes this test program a process that writes to a file, and says how that goes.
const role = "NEMESIS_TEST_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(role); path != "" {
		write(path)
		return
	}
	goleak.VerifyTestMain(m)
}

// write appends to a file and prints "ok" or "full" each time, until nobody listens.
func write(path string) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	for {
		word := "ok"
		if _, err := file.Write(make([]byte, 4096)); err != nil {
			word = "full"
		}
		if _, err := fmt.Println(word); err != nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// writer is a process that writes, as nemesis sees it.
type writer struct {
	cmd   *exec.Cmd
	armed string
	says  *bufio.Scanner
}

func (w *writer) Kill() error         { return w.cmd.Process.Kill() }
func (w *writer) Handle() *os.Process { return w.cmd.Process }
func (w *writer) Arm(text string)     { w.armed = text }

// newWriter starts a process that writes, and returns once it does.
func newWriter(t *testing.T) *writer {
	t.Helper()
	w := &writer{cmd: exec.CommandContext(t.Context(), os.Args[0])}
	w.cmd.Env = append(os.Environ(), role+"="+filepath.Join(t.TempDir(), "file"))
	out, err := w.cmd.StdoutPipe()
	if err == nil {
		err = w.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.cmd.Process.Kill() // it may have ended
		_ = w.cmd.Wait()         // and was killed
	})
	w.says = bufio.NewScanner(out)
	w.await(t, "ok")
	return w
}

// await returns when the process says a word.
func (w *writer) await(t *testing.T, word string) {
	t.Helper()
	for range 10_000 {
		if !w.says.Scan() {
			t.Fatalf("it ended and never said %q: %v", word, w.says.Err())
		}
		if w.says.Text() == word {
			return
		}
	}
	t.Fatalf("it never said %q", word)
}

func do(t *testing.T, f nemesis.Fault) {
	t.Helper()
	if err := f.Do(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func undo(t *testing.T, f nemesis.Fault) {
	t.Helper()
	if err := f.Undo(t.Context()); err != nil && !errors.Is(err, nemesis.ErrAway) {
		t.Fatal(err)
	}
}

func TestAKilledProcessIsGone(t *testing.T) {
	w := newWriter(t)
	do(t, nemesis.NewKill(w, 0))
	for w.says.Scan() { // to the end
	}
	_ = w.cmd.Wait()
	if w.cmd.ProcessState.Success() || w.cmd.ProcessState.Exited() {
		t.Errorf("it ended by itself: %v", w.cmd.ProcessState)
	}
}

// lives counts how often it is killed; it is away after so many.
type lives struct {
	writer
	left int
}

func (l *lives) Kill() error {
	if l.left == 0 {
		return nemesis.ErrAway
	}
	l.left--
	return nil
}

func TestAProcessIsKilledAgainWhileItStarts(t *testing.T) {
	for before, after := range map[int]int{3: 1, 2: 0, 1: 0} {
		l := &lives{left: before}
		do(t, nemesis.NewKill(l, time.Millisecond))
		if l.left != after {
			t.Errorf("of %d lives %d are left", before, l.left)
		}
	}
	if err := nemesis.NewKill(&lives{}, time.Millisecond).Do(t.Context()); !errors.Is(err, nemesis.ErrAway) {
		t.Error(err)
	}
}

func TestAPointIsForTheNextStart(t *testing.T) {
	l := &lives{left: 1}
	do(t, nemesis.NewPoint(l, "after-commit:3"))
	if l.left != 0 || l.armed != "after-commit:3" {
		t.Errorf("%+v", l)
	}
}

func TestAFullDiskIsFreedAgain(t *testing.T) {
	if !nemesis.CanFill {
		if err := nemesis.NewDisk(&lives{}).Do(t.Context()); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		return
	}
	w := newWriter(t)
	one, other := nemesis.NewDisk(w), nemesis.NewDisk(w)
	do(t, one)
	w.await(t, "full")
	do(t, other) // while it is full already
	undo(t, other)
	undo(t, one)
	w.await(t, "ok")
}

func TestAClockGoesAheadAndBack(t *testing.T) {
	at := time.Minute
	clock := nemesis.NewClock(func(_ context.Context, ahead time.Duration) error {
		at = ahead
		return nil
	})
	do(t, clock)
	if at != time.Hour {
		t.Error(at)
	}
	undo(t, clock)
	if at != 0 {
		t.Error(at)
	}
}

func TestARestartIsDoneOnce(t *testing.T) {
	times := 0
	restart := nemesis.NewRestart(func(context.Context) error {
		times++
		return nil
	})
	do(t, restart)
	undo(t, restart)
	if times != 1 {
		t.Error(times)
	}
}
