//go:build !linux

package pgtest

import (
	"os"
	"os/exec"
)

// account is the user that the server runs as: the present one.
type account struct{}

func unprivileged(string) (account, error) { return account{}, nil }

func (account) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}

func endWithParent(*exec.Cmd) {}
