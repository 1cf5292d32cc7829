//go:build unix

package nemesis_test

import (
	"syscall"
	"testing"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// The system itself says that the process was stopped, and that it goes on.
func TestAPausedProcessGoesOn(t *testing.T) {
	w := newWriter(t)
	pause := nemesis.NewPause(w)
	do(t, pause)
	if status := change(t, w); !status.Stopped() {
		t.Errorf("it was not stopped: %v", status)
	}
	undo(t, pause)
	if status := change(t, w); !status.Continued() {
		t.Errorf("it did not go on: %v", status)
	}
	w.await(t, "ok")
}

// change waits for the next change of a process.
func change(t *testing.T, w *writer) (status syscall.WaitStatus) {
	t.Helper()
	if _, err := syscall.Wait4(w.cmd.Process.Pid, &status, syscall.WUNTRACED|syscall.WCONTINUED, nil); err != nil {
		t.Fatal(err)
	}
	return status
}
