package nemesis

import (
	"context"
	"errors"
	"os"
	"time"
)

// A Fault breaks one thing and mends it. Do is called once; Undo only where that
// returned nil, and again where it fails itself.
type Fault interface {
	Do(ctx context.Context) error
	Undo(ctx context.Context) error
}

// ErrAway says that there is nothing to break, or nothing that was broken: the process
// is about to start, or has started anew.
var ErrAway = errors.New("the process is away")

// A Process is one that a fault can befall. Whoever keeps it running starts it again
// when it has died.
type Process interface {
	// Kill ends the process with SIGKILL, also while it is still starting.
	Kill() error
	// Handle returns the running process, or nil while there is none or it is still
	// starting.
	Handle() *os.Process
	// Arm has the next start, and only that, die at a point; text is as proof.Arm
	// takes it.
	Arm(text string)
}

// kill is SIGKILL, wherever the process stands.
type kill struct {
	process Process
	again   time.Duration
}

// NewKill returns a fault that kills a process. Where again is not zero, it does so
// twice: the process that is started in its place dies so long after the first, while
// it recovers.
func NewKill(p Process, again time.Duration) Fault { return kill{p, again} }

func (k kill) Do(ctx context.Context) error {
	err := k.process.Kill()
	if err != nil || k.again == 0 {
		return err
	}
	sleep(ctx, k.again)
	if err := k.process.Kill(); !errors.Is(err, ErrAway) {
		return err
	}
	return nil
}

func (kill) Undo(context.Context) error { return nil }

// gone turns the error of a process that ended by itself into [ErrAway].
func gone(err error) error {
	if errors.Is(err, os.ErrProcessDone) {
		return ErrAway
	}
	return err
}

// point is death at a named point of the work.
type point struct {
	process Process
	at      string
}

// NewPoint returns a fault that has a process start anew and die when it arrives at a
// point, "after-commit:7".
func NewPoint(p Process, at string) Fault { return point{p, at} }

func (f point) Do(context.Context) error {
	f.process.Arm(f.at)
	return f.process.Kill()
}

func (point) Undo(context.Context) error { return nil }

// act is a fault made of two functions.
type act struct {
	do, undo func(ctx context.Context) error
}

// NewClock returns a fault that has a clock run ahead by an hour, and puts it right.
func NewClock(set func(ctx context.Context, ahead time.Duration) error) Fault {
	return act{
		func(ctx context.Context) error { return set(ctx, time.Hour) },
		func(ctx context.Context) error { return set(ctx, 0) },
	}
}

// NewRestart returns a fault that restarts a server, which is up again when restart
// returns.
func NewRestart(restart func(ctx context.Context) error) Fault {
	return act{restart, func(context.Context) error { return nil }}
}

func (a act) Do(ctx context.Context) error   { return a.do(ctx) }
func (a act) Undo(ctx context.Context) error { return a.undo(ctx) }
