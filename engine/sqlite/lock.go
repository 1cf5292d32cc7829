package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/gofrs/flock"
)

// LockInfo is what a running owner writes into the side file PATH.lock, for whoever
// wants to talk to it.
type LockInfo struct {
	// Owner is the service that runs on the database.
	Owner string `json:"owner"`
	// PID is its process.
	PID int `json:"pid"`
	// Admin is the address of its admin socket; empty if it has none.
	Admin string `json:"admin,omitempty"`
}

const (
	// lockWait is how long a lock is tried for: whoever only looks whether a
	// database runs holds it for a moment.
	lockWait  = 100 * time.Millisecond
	lockRetry = 10 * time.Millisecond
	// lockSize is the size of the side file. It is written at once and always
	// whole, so that nobody reads half of it.
	lockSize = 1024
)

func lockPath(path string) string { return path + ".lock" }

// lock is the exclusive lock of a running owner.
type lock struct {
	path    string
	held    *flock.Flock
	created bool // the side file was not there before
}

// takeLock locks the side file of a database. It fails with [bailiwick.Locked]
// while another holds it.
func takeLock(ctx context.Context, path string) (*lock, error) {
	const op = "sqlite: lock"
	side := lockPath(path)
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for {
		_, err := os.Stat(side)
		created := errors.Is(err, fs.ErrNotExist)
		f := flock.New(side, flock.SetFlag(os.O_CREATE|os.O_RDWR), flock.SetPermissions(0o600))
		ok, err := f.TryLock() // also where the machine was so busy that the time is over
		if err == nil && !ok {
			ok, err = f.TryLockContext(ctx, lockRetry)
		}
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			f.Close()
			return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "look at the directory's permissions"}
		}
		if !ok {
			f.Close()
			return nil, locked(op, path)
		}
		// An owner that closes removes the file. A lock on a removed file is none.
		if current(f, side) {
			return &lock{path: side, held: f, created: created}, nil
		}
		f.Close()
	}
}

func current(f *flock.Flock, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}

func locked(op, path string) error {
	who := "somebody"
	if info, err := readInfo(path); err == nil {
		who = fmt.Sprintf("%s, process %d,", info.Owner, info.PID)
	}
	return &bailiwick.Error{Code: bailiwick.Locked, Op: op, Err: fmt.Errorf("%s holds %s", who, path),
		Do: "stop it, or ask it to do the work"}
}

// write replaces what the side file says.
func (l *lock) write(info LockInfo) error { return writeInfo(l.path, info) }

func writeInfo(side string, info LockInfo) error {
	text, err := json.Marshal(info)
	if err != nil {
		return err
	}
	if len(text) >= lockSize {
		return fmt.Errorf("the address %q is too long", info.Admin)
	}
	padded := make([]byte, lockSize)
	for i := copy(padded, text); i < lockSize; i++ {
		padded[i] = ' '
	}
	padded[lockSize-1] = '\n'
	f, err := os.OpenFile(side, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(padded, 0)
	return errors.Join(err, f.Close())
}

// release gives the lock back. The side file goes with it, unless the database was
// refused and the file had been there before.
func (l *lock) release(refused bool) error {
	if !refused || l.created {
		_ = os.Remove(l.path)
	}
	return l.held.Close()
}

func readInfo(path string) (LockInfo, error) {
	var info LockInfo
	text, err := os.ReadFile(lockPath(path))
	if err != nil {
		return info, err
	}
	return info, json.Unmarshal(text, &info)
}

// ReadLock tells who runs on a database. running is false, and info is what a
// killed owner may have left, if nobody does. It changes nothing.
func ReadLock(path string) (info LockInfo, running bool, err error) {
	const op = "sqlite: read lock"
	if _, err := os.Stat(lockPath(path)); errors.Is(err, fs.ErrNotExist) {
		return info, false, nil
	}
	f := flock.New(lockPath(path), flock.SetFlag(os.O_RDONLY))
	free, err := f.TryRLock()
	f.Close()
	if errors.Is(err, fs.ErrNotExist) {
		return info, false, nil // its owner has just closed
	}
	if err != nil {
		return info, false, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "look at the file's permissions"}
	}
	info, err = readInfo(path)
	if free {
		return info, false, nil // what a killed owner left need not be readable
	}
	if err != nil {
		return info, true, &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: err, Do: "try again: its owner is starting or stopping"}
	}
	return info, true, nil
}

// Announce writes the address of the owner's admin socket into the side file of a
// database that this process has open.
func Announce(path, admin string) error {
	const op = "sqlite: announce"
	info, err := readInfo(path)
	if err == nil && info.PID != os.Getpid() {
		return locked(op, path)
	}
	if err == nil {
		info.Admin = admin
		err = writeInfo(lockPath(path), info)
	}
	if err != nil {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err, Do: "announce after Open and before Close"}
	}
	return nil
}
