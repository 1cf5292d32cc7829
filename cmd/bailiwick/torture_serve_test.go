package main_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A build that cannot be broken says so when it is told to break itself, and a service
// without its database or its peers is no service.
func TestTortureServeCalledWrongly(t *testing.T) {
	call(t, "torture", "serve", "ledger").expect(t, 2, `"db"`)
	call(t, "torture", "serve", "ledger", "--db", "sqlite:ledger.db").expect(t, 2, "where is wallet")
	call(t, "torture", "serve", "teller", "--db", "sqlite:teller.db").expect(t, 2, "no service")
	t.Setenv("BAILIWICK_PROOF", "barrier")
	call(t, "torture", "serve", "ledger", "--db", "sqlite:ledger.db", "--peer", "wallet=http://127.0.0.1:1").expect(t, 2, "-tags proof")
}

// A service of the bank says where it is and ends with its parent, also while its
// peers are nowhere.
func TestTortureServeEndsWithItsParent(t *testing.T) {
	cmd := exec.Command(binary, "torture", "serve", "ledger", "--db", "sqlite:"+filepath.Join(t.TempDir(), "ledger.db"), "--peer", "wallet=http://127.0.0.1:1")
	parent, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var where struct {
		URL string
		PID int
	}
	line, err := bufio.NewReader(said).ReadString('\n')
	if err == nil {
		err = json.Unmarshal([]byte(line), &where)
	}
	if err != nil || !strings.HasPrefix(where.URL, "http://127.0.0.1:") || where.PID != cmd.Process.Pid {
		t.Errorf("it said %q: %v", line, err)
	}
	if err := parent.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}
