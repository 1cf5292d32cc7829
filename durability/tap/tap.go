package tap

import (
	"errors"
	"path/filepath"
	"sync"
	"unsafe"

	"github.com/bailiwick/bailiwick/durability/disk"
	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Tap is a VFS of SQLite.
type Tap struct {
	tls       *libc.TLS
	base      uintptr // the VFS of the operating system
	vfs, name uintptr // in SQLite's memory
	methods   uintptr
	// SQLite holds these as addresses only.
	functions []any

	mu    sync.Mutex
	tapes map[string]*disk.Tape  // by directory
	fails map[string]func() bool // by directory
	files map[uintptr]*file      // by the address of SQLite's
}

// SyncFailed is on the tape where SQLite was told that a sync failed.
type SyncFailed struct {
	File   disk.File
	Before int // what the sync was to cover
}

// file is an open file that is recorded.
type file struct {
	tape *disk.Tape
	file disk.File
	dir  string
	// names says that the next sync makes the directory durable too: SQLite does so
	// once for a journal or a log that it created.
	names bool
}

var errRegister = errors.New("tap: SQLite takes no VFS")

// Open makes a tap the default VFS of SQLite in this process, until [Tap.Close].
func Open() (*Tap, error) {
	t := &Tap{tls: libc.NewTLS(), tapes: map[string]*disk.Tape{}, fails: map[string]func() bool{}, files: map[uintptr]*file{}}
	t.base = sqlite3.Xsqlite3_vfs_find(t.tls, 0)
	var err error
	if t.name, err = libc.CString("tap"); err != nil {
		return nil, err
	}
	t.vfs = memory[sqlite3.Tsqlite3_vfs](t.tls)
	t.methods = memory[sqlite3.Tsqlite3_io_methods](t.tls)
	*at[sqlite3.Tsqlite3_io_methods](t.methods) = t.ioMethods()
	vfs := *at[sqlite3.Tsqlite3_vfs](t.base)
	vfs.FpNext, vfs.FzName = 0, t.name
	vfs.FszOsFile += header
	vfs.FxOpen = address(t, t.open)
	vfs.FxDelete = address(t, t.remove)
	*at[sqlite3.Tsqlite3_vfs](t.vfs) = vfs
	if rc := sqlite3.Xsqlite3_vfs_register(t.tls, t.vfs, 1); rc != sqlite3.SQLITE_OK {
		return nil, errRegister
	}
	return t, nil
}

// Close has SQLite open files by itself again. All databases are closed before.
func (t *Tap) Close() {
	sqlite3.Xsqlite3_vfs_register(t.tls, t.base, 1)
	sqlite3.Xsqlite3_vfs_unregister(t.tls, t.vfs)
	sqlite3.Xsqlite3_free(t.tls, t.vfs)
	sqlite3.Xsqlite3_free(t.tls, t.methods)
	libc.Xfree(t.tls, t.name)
	t.tls.Close()
}

// Record has the files of a directory taken down on a tape, by their base names. A
// nil tape ends that for files that are opened from then on.
func (t *Tap) Record(dir string, tape *disk.Tape) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if tape == nil {
		delete(t.tapes, dir)
	} else {
		t.tapes[dir] = tape
	}
}

// FailSyncs has the syncs in a recorded directory fail where fails says so; nil ends
// that. It is called by several goroutines at once.
func (t *Tap) FailSyncs(dir string, fails func() bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fails[dir] = fails
}

// failing says whether the next sync in a directory fails.
func (t *Tap) failing(dir string) bool {
	t.mu.Lock()
	fails := t.fails[dir]
	t.mu.Unlock()
	return fails != nil && fails()
}

// tape returns the tape of a file; nil if it is not recorded.
func (t *Tap) tape(path string) *disk.Tape {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.tapes[filepath.Dir(path)]
}

// at returns what lies at an address in SQLite's memory.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

// function returns the Go function that an address of SQLite's stands for.
func function[F any](address uintptr) F {
	return *(*F)(unsafe.Pointer(&address))
}

// address returns the address by which SQLite calls f, and keeps f for as long as
// there is the tap.
func address[F any](t *Tap, f F) uintptr {
	held := &struct{ f F }{f}
	t.functions = append(t.functions, held)
	return *(*uintptr)(unsafe.Pointer(held))
}

// memory returns room for a T in SQLite's memory.
func memory[T any](tls *libc.TLS) uintptr {
	var t T
	return sqlite3.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(t)))
}
