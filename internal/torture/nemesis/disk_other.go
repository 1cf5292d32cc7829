//go:build !linux

package nemesis

import (
	"context"
	"errors"
)

// CanFill says whether this system can have a process's writes fail.
const CanFill = false

// NewDisk returns a fault that fails: this system limits no process from outside.
func NewDisk(Process) Fault {
	refuse := func(context.Context) error { return errors.ErrUnsupported }
	return act{refuse, refuse}
}
