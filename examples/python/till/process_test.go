package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMain lets the test's own program be the till: a process that can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("TILL_IS_ME") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// python returns the interpreter. Where everything has to be tested it has to be
// there.
func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil && os.Getenv("BAILIWICK_TEST") == "full" {
		t.Fatal("python3 is missing")
	}
	if err != nil {
		t.Skip("python3 is missing")
	}
	return path
}

// loyaltyAt returns the command that runs the Python half.
func loyaltyAt(interpreter, database, address, order string) *exec.Cmd {
	cmd := exec.Command(interpreter, "-m", "loyalty", "--database", database, "--listen", address, "--order", order)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "LOYALTY_TOKEN="+token, "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}

// token is what the loyalty service asks of its callers.
const token = "open sesame"

// A process is one that is started again and again.
type process struct {
	t    *testing.T
	name string
	log  *os.File
	make func() *exec.Cmd
	cmd  *exec.Cmd
}

// newProcess returns a process that is not started. What it says is shown if the
// test fails.
func newProcess(t *testing.T, name string, make func() *exec.Cmd) *process {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), name+".log"))
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, name: name, log: log, make: make}
	t.Cleanup(func() {
		if p.cmd != nil {
			p.kill()
		}
		if said, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", name, said[max(0, len(said)-8000):])
		}
		log.Close()
	})
	return p
}

func (p *process) start() {
	p.t.Helper()
	p.cmd = p.make()
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
}

// kill ends the process at whatever it does just now.
func (p *process) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Errorf("%s had ended by itself: %v", p.name, err)
	}
	_ = p.cmd.Wait() // it was killed
	p.cmd = nil
}

// stop asks the process to end, and wants it to do so in order.
func (p *process) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Errorf("%s had ended by itself: %v", p.name, err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("%s: %v", p.name, err)
	}
	p.cmd = nil
}

// freeAddress returns an address on which a process can listen each time it is
// started: below the ports that connections are given.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprintf("127.0.0.1:%d", 20000+rand.IntN(10000))
		if listener, err := net.Listen("tcp", address); err == nil {
			listener.Close()
			return address
		}
	}
	t.Fatal("there is no free port")
	return ""
}
