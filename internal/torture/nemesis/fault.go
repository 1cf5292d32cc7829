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
	// Handle returns the running process, or nil while there is none.
	Handle() *os.Process
	// Arm has the next start, and only that, die at a point; text is as proof.Arm
	// takes it.
	Arm(text string)
}

// kill is SIGKILL, wherever the process stands.
type kill struct{ process Process }

// NewKill returns a fault that kills a process.
func NewKill(p Process) Fault { return kill{p} }

func (k kill) Do(context.Context) error { return end(k.process) }

func (kill) Undo(context.Context) error { return nil }

func end(p Process) error {
	running := p.Handle()
	if running == nil {
		return ErrAway
	}
	return gone(running.Kill())
}

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
	return end(f.process)
}

func (point) Undo(context.Context) error { return nil }

// act is a fault made of two functions.
type act struct {
	do, undo func(ctx context.Context) error
}

// NewClock returns a fault that moves a clock by an hour, and back.
func NewClock(jump func(ctx context.Context, by time.Duration) error) Fault {
	return act{
		func(ctx context.Context) error { return jump(ctx, time.Hour) },
		func(ctx context.Context) error { return jump(ctx, -time.Hour) },
	}
}

// NewRestart returns a fault that restarts a server, which is up again when restart
// returns.
func NewRestart(restart func(ctx context.Context) error) Fault {
	return act{restart, func(context.Context) error { return nil }}
}

func (a act) Do(ctx context.Context) error   { return a.do(ctx) }
func (a act) Undo(ctx context.Context) error { return a.undo(ctx) }
