//go:build !unix

package nemesis

import (
	"context"
	"errors"
)

// CanPause says whether this system can stop a process and have it go on.
const CanPause = false

// NewPause returns a fault that fails: this system does not stop processes.
func NewPause(Process) Fault {
	refuse := func(context.Context) error { return errors.ErrUnsupported }
	return act{refuse, refuse}
}
