//go:build unix

package supervise

import (
	"os/exec"
	"syscall"
)

// apart keeps a Ctrl-C that is meant for the parent from the child: the terminal
// sends it to the whole group, and the parent stops its children in its own order.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
