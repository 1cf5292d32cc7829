package pgtest

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// process is the running server, ended by its own id.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// startProcess starts the server with its output in a file.
func startProcess(cmd *exec.Cmd, log string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	endWithParent(cmd)

	p := &process{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ends the server with the thread that started it, so that
		// thread has to live as long.
		runtime.LockOSThread()
		defer close(p.ended)
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how a server ends that was told to is of no interest
		}
	}()
	return p, <-started
}

// stop asks for a fast shutdown and insists after ten seconds.
func (p *process) stop() { p.end(os.Interrupt) }

// quit asks for an end without a shutdown, and insists as well.
func (p *process) quit() { p.end(syscall.SIGQUIT) }

func (p *process) end(by os.Signal) {
	_ = p.cmd.Process.Signal(by) // it may have ended already
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}
