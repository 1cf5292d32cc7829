//go:build !unix && !windows

package supervise

import "os/exec"

// apart has nothing to do where processes have no groups.
func apart(*exec.Cmd) {}
