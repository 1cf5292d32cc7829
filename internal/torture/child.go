package torture

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// child is one process of a service, which is started again when it dies. It
// implements nemesis.Process.
type child struct {
	name, service string
	start         func(ctx context.Context) *exec.Cmd // its end kills the process
	moved         func()                              // is called when the child is somewhere else than before

	mu      sync.Mutex
	kill    context.CancelFunc // ends the present life; nil between two
	process *os.Process        // nil until it has said where it is
	url     string
	births  int
	arm     string
}

// command makes the command of one start.
func (c *child) command() *exec.Cmd {
	c.mu.Lock()
	defer c.mu.Unlock()
	var life context.Context
	life, c.kill = context.WithCancel(context.Background())
	cmd := c.start(life)
	cmd.Env = dieAt(os.Environ(), c.arm)
	c.arm = ""
	return cmd
}

// announced notes where the child is, from the line that it prints.
func (c *child) announced(line string) {
	var said struct {
		URL string `json:"url"`
		PID int    `json:"pid"`
	}
	if json.Unmarshal([]byte(line), &said) != nil || said.PID <= 0 {
		return // it never becomes ready, and whoever waits for that says so
	}
	process, err := os.FindProcess(said.PID)
	if err != nil {
		return // it is gone already
	}
	c.mu.Lock()
	c.process, c.url = process, said.URL
	c.births++
	c.mu.Unlock()
	c.moved()
}

// away notes that the child has ended.
func (c *child) away() {
	c.mu.Lock()
	if c.kill != nil {
		c.kill() // it is over already
	}
	c.kill, c.process, c.url = nil, nil, ""
	c.mu.Unlock()
	c.moved()
}

// Kill ends the child with SIGKILL, wherever it stands.
func (c *child) Kill() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kill == nil {
		return nemesis.ErrAway
	}
	c.kill()
	c.kill = nil
	return nil
}

// Handle returns the running process, or nil.
func (c *child) Handle() *os.Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.process
}

// Arm has the next start die at a point.
func (c *child) Arm(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arm = text
}

// where returns the child's address, "" while it is away, and which of its lives this
// is, from 1.
func (c *child) where() (url string, life int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.url, c.births
}

// variable is what a build with the tag "proof" reads its orders from.
const variable = "BAILIWICK_PROOF"

// dieAt adds to the orders that an environment has already.
func dieAt(env []string, text string) []string {
	if text == "" {
		return env
	}
	for i, entry := range env {
		if strings.HasPrefix(entry, variable+"=") {
			env = slices.Clone(env)
			env[i] = entry + "," + text
			return env
		}
	}
	return append(slices.Clip(env), variable+"="+text)
}
