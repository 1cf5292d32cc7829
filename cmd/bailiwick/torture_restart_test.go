//go:build unix

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A command that starts a server returns, and the server goes on. One that fails says
// why.
func TestWhatIsRestartedIsNotWaitedFor(t *testing.T) {
	runs := filepath.Join(t.TempDir(), "runs")
	if err := os.WriteFile(runs, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- shell(t.Context(), "while [ -e '"+runs+"' ]; do sleep 0.02; done & echo started") }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it is waited for")
	}
	if err := os.Remove(runs); err != nil {
		t.Error(err)
	}
	if err := shell(t.Context(), "echo no server is there; exit 3"); err == nil || !strings.Contains(err.Error(), "exit status 3: no server is there") {
		t.Error(err)
	}
}
