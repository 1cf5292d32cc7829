//go:build unix

package sqlite

import (
	"context"
	"errors"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bailiwick/bailiwick"
)

// stranger is set where the test program is run anew, to be another process that
// wants the file it names for itself.
const stranger = "BAILIWICK_TEST_STRANGER"

// SQLite's exclusive lock is a write lock on these bytes; see sharedFirst and
// sharedSize in its os_unix.c.
const (
	sharedFirst = 0x40000002
	sharedSize  = 510
)

// Closing any descriptor of a file ends all locks that a process has on the file.
// An owner that is opened again, or looked at, in its own process must keep its
// locks: else a stranger, such as an older sqlite3 shell, takes itself for the last
// one to close the file and takes the log away.
func TestOwnerKeepsItsLocksOnTheFile(t *testing.T) {
	if path := os.Getenv(stranger); path != "" {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		all := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart, Start: sharedFirst, Len: sharedSize}
		if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &all); !errors.Is(err, syscall.EAGAIN) && !errors.Is(err, syscall.EACCES) {
			t.Errorf("the stranger has the file for itself: %v", err)
		}
		return
	}
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "order.db")
	openBoth(t, path, ledger)
	if _, err := Open(ctx, path, Options{Owner: "order", Migrations: ledger}); bailiwick.CodeOf(err) != bailiwick.Locked {
		t.Fatalf("opened again: %v", err)
	}
	look, err := Open(ctx, path, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := look.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), stranger+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
