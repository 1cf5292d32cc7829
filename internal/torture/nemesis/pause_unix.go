//go:build unix

package nemesis

import (
	"context"
	"os"
	"syscall"
)

// CanPause says whether this system can stop a process and have it go on.
const CanPause = true

// pause is SIGSTOP until it is undone.
type pause struct {
	process Process
	stopped *os.Process
}

// NewPause returns a fault that stops a process for a while.
func NewPause(p Process) Fault { return &pause{process: p} }

func (f *pause) Do(context.Context) error {
	if f.stopped = f.process.Handle(); f.stopped == nil {
		return ErrAway
	}
	return gone(f.stopped.Signal(syscall.SIGSTOP))
}

// Undo has the process go on.
func (f *pause) Undo(context.Context) error { return gone(f.stopped.Signal(syscall.SIGCONT)) }
