// Package supervise keeps child processes running: one that dies is started again
// after a pause, and none outlives its parent.
//
// The children's standard input is a pipe that nobody writes to. The parent closes
// it to have a child stop, and the system closes it when the parent dies, however
// that happened; a child that calls [Lifeline] ends in both cases, on every system.
package supervise

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bailiwick/bailiwick"
)

// Child is a process that is kept running.
type Child struct {
	// Name tells children apart in the log.
	Name string
	// Command makes the command of one start. Its standard input and output belong
	// to the supervisor.
	Command func() *exec.Cmd
	// Announced is called with the first line of what each start prints on its
	// standard output; the rest is discarded. Away is called when that process has
	// ended. Either may be nil.
	Announced func(line string)
	Away      func()
}

// Options tune [Run]. The zero value is ready to use.
type Options struct {
	// Logger hears of starts, ends and restarts; nil means slog.Default().
	Logger *slog.Logger
	// Clock times the pauses; nil means the system's.
	Clock bailiwick.Clock
	// First is the pause after a child has died, and doubles with every time that
	// it dies again, up to Max; a child that lived for Max begins at First. 0 means
	// 100 ms and 10 s.
	First, Max time.Duration
	// StopTimeout is how long a child may take to end once it is told to, before it
	// is killed; 0 means 15 s.
	StopTimeout time.Duration
	// Final says why a child that ended so must not be started again; nil as an
	// answer means that it is. Its error ends all children, and Run returns it. A
	// nil Final starts every child again.
	Final func(name string, end *os.ProcessState) error
}

// Run keeps the children running until ctx ends, then stops them all, and returns
// once the last has ended: nil, or what Options.Final said.
func Run(ctx context.Context, opts Options, children ...Child) error {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	if opts.Clock == nil {
		opts.Clock = bailiwick.SystemClock{}
	}
	opts.First = cmp.Or(opts.First, 100*time.Millisecond)
	opts.Max = cmp.Or(opts.Max, 10*time.Second)
	opts.StopTimeout = cmp.Or(opts.StopTimeout, 15*time.Second)
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range children {
		group.Go(func() error {
			k := keeper{opts: opts, child: c, logger: opts.Logger.With("child", c.Name)}
			return k.run(ctx)
		})
	}
	return group.Wait()
}

// keeper keeps one child running.
type keeper struct {
	opts   Options
	child  Child
	logger *slog.Logger
}

func (k *keeper) run(ctx context.Context) error {
	pause := k.opts.First
	for ctx.Err() == nil {
		begun := k.opts.Clock.Now()
		end, err := k.once(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if k.opts.Clock.Now().Sub(begun) >= k.opts.Max {
			pause = k.opts.First
		}
		if end != nil && k.opts.Final != nil {
			if err := k.opts.Final(k.child.Name, end); err != nil {
				return err
			}
		}
		k.logger.Error("a child process ended, it is started again", "end", ended(end, err), "pause", pause)
		select {
		case <-k.opts.Clock.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, k.opts.Max)
	}
	return nil
}

// ended tells how a process ended, or why it did not begin.
func ended(end *os.ProcessState, err error) string {
	if end != nil {
		return end.String()
	}
	return err.Error()
}
