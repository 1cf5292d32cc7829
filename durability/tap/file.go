package tap

import (
	"bytes"
	"path/filepath"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// header is how many bytes stand before the operating system's part of a file: the
// address of the methods, and what keeps the rest aligned.
const header = 16

// open opens a file, and records it where its directory is.
func (t *Tap) open(tls *libc.TLS, _, path, p uintptr, flags int32, out uintptr) int32 {
	at[sqlite3.Tsqlite3_file](p).FpMethods = 0
	open := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[sqlite3.Tsqlite3_vfs](t.base).FxOpen)
	rc := open(tls, t.base, path, p+header, flags, out)
	if at[sqlite3.Tsqlite3_file](p+header).FpMethods != 0 {
		at[sqlite3.Tsqlite3_file](p).FpMethods = t.methods
	}
	if rc != sqlite3.SQLITE_OK || path == 0 {
		return rc // a temporary file has no name
	}
	name := libc.GoString(path)
	tape := t.tape(name)
	if tape == nil {
		return rc
	}
	f := tape.Open(filepath.Base(name))
	const synced = sqlite3.SQLITE_OPEN_MAIN_JOURNAL | sqlite3.SQLITE_OPEN_SUPER_JOURNAL | sqlite3.SQLITE_OPEN_WAL
	t.mu.Lock()
	defer t.mu.Unlock()
	t.files[p] = &file{tape: tape, file: f, dir: filepath.Dir(name), names: flags&sqlite3.SQLITE_OPEN_CREATE != 0 && flags&synced != 0}
	return rc
}

// remove deletes a file, and syncs the directory if it is told to.
func (t *Tap) remove(tls *libc.TLS, _, path uintptr, sync int32) int32 {
	remove := function[func(*libc.TLS, uintptr, uintptr, int32) int32](at[sqlite3.Tsqlite3_vfs](t.base).FxDelete)
	name := libc.GoString(path)
	tape := t.tape(name)
	if tape == nil {
		return remove(tls, t.base, path, sync)
	}
	tape.Remove(filepath.Base(name))
	before := tape.Len()
	rc := remove(tls, t.base, path, 0)
	if rc == sqlite3.SQLITE_OK && sync != 0 {
		tape.SyncNames(before)
	}
	return rc
}

// file returns what is recorded of an open file; nil if nothing is.
func (t *Tap) file(p uintptr) *file {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.files[p]
}

// ioMethods are what SQLite does to a file.
func (t *Tap) ioMethods() sqlite3.Tsqlite3_io_methods {
	return sqlite3.Tsqlite3_io_methods{
		FiVersion:  2, // without mapped files, which nobody could follow
		FxClose:    address(t, t.close),
		FxWrite:    address(t, t.write),
		FxTruncate: address(t, t.truncate),
		FxSync:     address(t, t.sync),

		FxRead: address(t, func(tls *libc.TLS, p, to uintptr, n int32, offset int64) int32 {
			return function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](base(p).FxRead)(tls, p+header, to, n, offset)
		}),
		FxFileSize: address(t, func(tls *libc.TLS, p, size uintptr) int32 {
			return function[func(*libc.TLS, uintptr, uintptr) int32](base(p).FxFileSize)(tls, p+header, size)
		}),
		FxLock: address(t, func(tls *libc.TLS, p uintptr, level int32) int32 {
			return function[func(*libc.TLS, uintptr, int32) int32](base(p).FxLock)(tls, p+header, level)
		}),
		FxUnlock: address(t, func(tls *libc.TLS, p uintptr, level int32) int32 {
			return function[func(*libc.TLS, uintptr, int32) int32](base(p).FxUnlock)(tls, p+header, level)
		}),
		FxCheckReservedLock: address(t, func(tls *libc.TLS, p, held uintptr) int32 {
			return function[func(*libc.TLS, uintptr, uintptr) int32](base(p).FxCheckReservedLock)(tls, p+header, held)
		}),
		FxFileControl: address(t, func(tls *libc.TLS, p uintptr, op int32, arg uintptr) int32 {
			return function[func(*libc.TLS, uintptr, int32, uintptr) int32](base(p).FxFileControl)(tls, p+header, op, arg)
		}),
		FxSectorSize: address(t, func(tls *libc.TLS, p uintptr) int32 {
			return function[func(*libc.TLS, uintptr) int32](base(p).FxSectorSize)(tls, p+header)
		}),
		FxDeviceCharacteristics: address(t, func(tls *libc.TLS, p uintptr) int32 {
			return function[func(*libc.TLS, uintptr) int32](base(p).FxDeviceCharacteristics)(tls, p+header)
		}),
		FxShmMap: address(t, func(tls *libc.TLS, p uintptr, region, size, extend int32, to uintptr) int32 {
			return function[func(*libc.TLS, uintptr, int32, int32, int32, uintptr) int32](base(p).FxShmMap)(tls, p+header, region, size, extend, to)
		}),
		FxShmLock: address(t, func(tls *libc.TLS, p uintptr, offset, n, flags int32) int32 {
			return function[func(*libc.TLS, uintptr, int32, int32, int32) int32](base(p).FxShmLock)(tls, p+header, offset, n, flags)
		}),
		FxShmBarrier: address(t, func(tls *libc.TLS, p uintptr) {
			function[func(*libc.TLS, uintptr)](base(p).FxShmBarrier)(tls, p+header)
		}),
		FxShmUnmap: address(t, func(tls *libc.TLS, p uintptr, remove int32) int32 {
			return function[func(*libc.TLS, uintptr, int32) int32](base(p).FxShmUnmap)(tls, p+header, remove)
		}),
	}
}

// base returns the operating system's methods of an open file.
func base(p uintptr) *sqlite3.Tsqlite3_io_methods {
	return at[sqlite3.Tsqlite3_io_methods](at[sqlite3.Tsqlite3_file](p + header).FpMethods)
}

func (t *Tap) close(tls *libc.TLS, p uintptr) int32 {
	t.mu.Lock()
	delete(t.files, p)
	t.mu.Unlock()
	return function[func(*libc.TLS, uintptr) int32](base(p).FxClose)(tls, p+header)
}

func (t *Tap) write(tls *libc.TLS, p, from uintptr, n int32, offset int64) int32 {
	if f := t.file(p); f != nil {
		f.tape.Write(f.file, offset, bytes.Clone(libc.GoBytes(from, int(n))))
	}
	return function[func(*libc.TLS, uintptr, uintptr, int32, int64) int32](base(p).FxWrite)(tls, p+header, from, n, offset)
}

func (t *Tap) truncate(tls *libc.TLS, p uintptr, length int64) int32 {
	if f := t.file(p); f != nil {
		f.tape.Truncate(f.file, length)
	}
	return function[func(*libc.TLS, uintptr, int64) int32](base(p).FxTruncate)(tls, p+header, length)
}

// sync waits for no disk where a tape runs.
func (t *Tap) sync(tls *libc.TLS, p uintptr, flags int32) int32 {
	f := t.file(p)
	if f == nil {
		return function[func(*libc.TLS, uintptr, int32) int32](base(p).FxSync)(tls, p+header, flags)
	}
	before := f.tape.Len()
	if t.failing(f.dir) {
		f.tape.Tell(SyncFailed{f.file, before})
		return sqlite3.SQLITE_IOERR_FSYNC
	}
	f.tape.Sync(f.file, before)
	if f.names {
		f.names = false
		f.tape.SyncNames(before)
	}
	return sqlite3.SQLITE_OK
}
