package nemesis

import (
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// CanFill says whether this system can have a process's writes fail.
const CanFill = true

// room is up to which offset, in bytes, a process may still write to files while its
// disk is full: no page of a database fits.
const room = 512

// disk limits the size of the files that a process writes (RLIMIT_FSIZE): a write
// beyond it fails with EFBIG, and one across it is short, as on a disk that is full.
type disk struct {
	process Process
	full    *os.Process
}

// NewDisk returns a fault that lets a process write no more to its files.
func NewDisk(p Process) Fault { return &disk{process: p} }

func (f *disk) Do(context.Context) error {
	if f.full = f.process.Handle(); f.full == nil {
		return ErrAway
	}
	var own unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_FSIZE, nil, &own); err != nil {
		return err
	}
	return f.limit(unix.Rlimit{Cur: room, Max: own.Max})
}

// Undo gives the process its disk back: the limit is that of this process again, from
// which it had it.
func (f *disk) Undo(context.Context) error {
	var own unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_FSIZE, nil, &own); err != nil {
		return err
	}
	return f.limit(own)
}

// limit sets the limit of the process.
func (f *disk) limit(next unix.Rlimit) error {
	err := unix.Prlimit(f.full.Pid, unix.RLIMIT_FSIZE, &next, nil)
	if errors.Is(err, unix.ESRCH) {
		return ErrAway
	}
	return err
}
