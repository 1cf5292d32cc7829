package supervise

import (
	"bytes"
	"context"
	"os"
	"time"
)

// straggle is how long the output of a process that has ended is waited for:
// whatever it started may hold the pipe open.
const straggle = time.Second

// maxLine bounds what is kept of a first line, in bytes.
const maxLine = 64 << 10

// once starts the child and waits for its end, which it brings about when ctx
// ends. end is nil where the process did not begin.
func (k *keeper) once(ctx context.Context) (end *os.ProcessState, err error) {
	cmd := k.child.Command()
	cmd.Stdin = nil
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	defer lifeline.Close()
	cmd.Stdout = &firstLine{tell: k.child.Announced}
	cmd.WaitDelay = straggle
	apart(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	pid := cmd.Process.Pid
	k.logger.Info("started a child process", "pid", pid)
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()

	select {
	case err = <-over:
	case <-ctx.Done():
		_ = lifeline.Close() // it is told to stop
		select {
		case err = <-over:
		case <-k.opts.Clock.After(k.opts.StopTimeout):
			k.logger.Error("a child process does not end, it is killed", "pid", pid, "after", k.opts.StopTimeout)
			_ = cmd.Process.Kill() // it may have ended by now
			err = <-over
		}
		k.logger.Info("stopped a child process", "pid", pid, "end", cmd.ProcessState.String())
	}
	if k.child.Away != nil {
		k.child.Away()
	}
	return cmd.ProcessState, err
}

// firstLine passes on the first line that is written to it and discards the rest.
type firstLine struct {
	tell func(string)
	line []byte
	told bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	if f.told || f.tell == nil {
		return len(p), nil
	}
	f.line = append(f.line, p...)
	if i := bytes.IndexByte(f.line, '\n'); i >= 0 {
		f.told = true
		f.tell(string(f.line[:i]))
		f.line = nil
	} else if len(f.line) > maxLine {
		f.told, f.line = true, nil
	}
	return len(p), nil
}
