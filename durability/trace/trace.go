package trace

import (
	"bufio"
	"io"
	"path/filepath"
	"strings"

	"github.com/bailiwick/bailiwick/durability/disk"
)

// Flags are what strace is run with, before "-o FILE PROGRAM". Calls that a machine
// does not have are left out.
var Flags = []string{"-f", "-y", "-xx", "-s", "16777216", "-e", "signal=none", "-e", "trace=" + strings.Join([]string{
	"?open", "openat", "?openat2", "?creat",
	"write", "pwrite64", "writev", "pwritev", "pwritev2", "?sendfile", "copy_file_range",
	"ftruncate", "?truncate", "fallocate",
	"fsync", "fdatasync", "sync_file_range", "sync", "syncfs",
	"?unlink", "unlinkat", "?rename", "?renameat", "renameat2", "?link", "linkat", "?symlink", "symlinkat"}, ",")}

// Reader makes a tape of a trace.
type Reader struct {
	// Dir is the directory whose files are followed: an absolute path without links.
	Dir string
	// Told is the path of a file outside Dir: what is written to it is told to the
	// world.
	Told string
	// Note makes of one write to Told what is put on the tape.
	Note func([]byte) (any, error)
	// Tape is what is written.
	Tape *disk.Tape

	files map[int]disk.File // by descriptor
	began map[string]call   // by the process's id
}

// Read reads what strace wrote, to its end.
func (r *Reader) Read(from io.Reader) error {
	r.files, r.began = map[int]disk.File{}, map[string]call{}
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF && line == "" {
			return nil
		}
		if err != nil && err != io.EOF {
			return err
		}
		if err := r.line(strings.TrimSuffix(line, "\n")); err != nil {
			return err
		}
	}
}

func (r *Reader) line(line string) error {
	pid, rest, err := split(line)
	if err != nil {
		return err
	}
	if strings.HasPrefix(rest, "+++") || strings.HasPrefix(rest, "---") {
		return nil // a process ended, or was told to
	}
	if m := whole.FindStringSubmatch(rest); m != nil {
		c := call{name: m[1], args: m[2], before: r.Tape.Len(), result: m[3]}
		if err := r.begin(c); err != nil {
			return err
		}
		return r.end(c)
	}
	if m := unfinished.FindStringSubmatch(rest); m != nil {
		c := call{name: m[1], args: m[2], before: r.Tape.Len()}
		r.began[pid] = c
		return r.begin(c)
	}
	if m := resumed.FindStringSubmatch(rest); m != nil && r.began[pid].name == m[1] {
		c := r.began[pid]
		delete(r.began, pid)
		c.args += m[2]
		c.result = m[3]
		return r.end(c)
	}
	return errText("not understood", line)
}

// begin takes down what may have an effect before the call returns.
func (r *Reader) begin(c call) error {
	fd, path, ok := c.file()
	switch c.name {
	case "write":
		if path == r.Told && ok {
			content, err := c.content()
			if err != nil {
				return err
			}
			note, err := r.Note([]byte(content))
			if err != nil {
				return err
			}
			r.Tape.Tell(note)
			return nil
		}
		if ok && r.within(path) {
			return errText("a write without an offset", c.args)
		}
	case "pwrite64", "ftruncate":
		if !ok || !r.within(path) {
			return nil
		}
		f, ok := r.files[fd]
		if !ok {
			return errText("a file that nobody opened", path)
		}
		at, err := c.last() // an offset, or the new length
		if err != nil {
			return err
		}
		if c.name == "ftruncate" {
			r.Tape.Truncate(f, at)
			return nil
		}
		content, err := c.content()
		if err != nil {
			return err
		}
		r.Tape.Write(f, at, []byte(content))
	}
	return nil
}

// end takes down what has its effect once the call has returned.
func (r *Reader) end(c call) error {
	fd, path, ok := c.file()
	switch c.name {
	case "write", "pwrite64", "ftruncate":
		if ok && r.within(path) && c.failed() {
			return errText("a failure", c.name+" of "+path+" = "+c.result)
		}
	case "fsync", "fdatasync":
		if f, known := r.files[fd]; ok && !c.failed() && r.within(path) && known {
			r.Tape.Sync(f, c.before)
		} else if ok && !c.failed() && path == r.Dir {
			r.Tape.SyncNames(c.before)
		}
	case "open", "openat", "openat2", "creat":
		if c.failed() {
			return nil
		}
		return r.opened(c)
	case "unlink", "unlinkat":
		path, err := c.content()
		if err == nil && !c.failed() && r.within(path) {
			r.Tape.Remove(filepath.Base(path))
		}
		return err
	default:
		if !c.failed() && (c.name == "sync" || strings.Contains(c.args, escape(r.Dir))) {
			return errText("no word for it", c.name+"("+c.args)
		}
	}
	return nil
}

// opened takes down that a file was opened, which may have created it.
func (r *Reader) opened(c call) error {
	fd, path, err := c.number()
	if err != nil {
		return errText("not a file", c.result)
	}
	delete(r.files, fd)
	if r.within(path) {
		f := r.Tape.Open(filepath.Base(path))
		if strings.Contains(c.args, "O_TRUNC") || c.name == "creat" {
			r.Tape.Truncate(f, 0)
		}
		r.files[fd] = f
	}
	return nil
}

// within says whether a path is that of a file in the directory.
func (r *Reader) within(path string) bool { return filepath.Dir(path) == r.Dir }
