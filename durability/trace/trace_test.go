package trace

import (
	"reflect"
	"strings"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
)

// read reads lines in which the paths are written plainly: <…> is escaped.
func read(t *testing.T, lines ...string) ([]disk.Op, error) {
	t.Helper()
	for i, l := range lines {
		for _, path := range []string{"/d/a", "/d/b", "/d", "/told", "/"} {
			l = strings.ReplaceAll(l, "<"+path+">", "<"+escape(path)+">")
			l = strings.ReplaceAll(l, "'"+path+"'", `"`+escape(path)+`"`)
		}
		lines[i] = l
	}
	_, tape := disk.New(nil).Restart()
	r := &Reader{Dir: "/d", Told: "/told", Note: func(b []byte) (any, error) { return string(b), nil }, Tape: tape}
	err := r.Read(strings.NewReader(strings.Join(lines, "\n")))
	return tape.Ops(), err
}

// Each call that changes the directory is on the tape, and no other.
func TestCalls(t *testing.T) {
	got, err := read(t,
		`7 openat(AT_FDCWD</>, '/d/a', O_RDWR|O_CREAT, 0600) = 3</d/a>`,
		`7 openat(AT_FDCWD</>, '/d/b', O_RDWR) = -1 ENOENT (No such file or directory)`,
		`7 open('/d', O_RDONLY) = 4</d>`,
		`7 fsync(4</d>) = 0`,
		`7 ftruncate(3</d/a>, 5) = 0`,
		`7 fdatasync(3</d/a>) = 0`,
		`7 fsync(3</d/a>) = -1 EIO (Input/output error)`,
		`7 write(9</told>, "\x68\x69", 2) = 2`,
		`7 write(1<pipe:[1]>, "\x68\x69", 2) = 2`,
		`7 unlink('/d/b') = -1 ENOENT (No such file or directory)`,
		`7 unlink('/d/a') = 0`,
		`7 openat(AT_FDCWD</>, '/d/a', O_RDWR|O_CREAT|O_TRUNC, 0600) = 5</d/a>`,
		`7 pwrite64(5</d/a>, "\x78", 1, 2) = 1`,
		`7 pwrite64(3</d/a>(deleted), "\x79", 1, 3) = 1`,
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []disk.Op{
		{Kind: disk.Create, File: 0, Name: "a"},
		{Kind: disk.SyncNames, Before: 1},
		{Kind: disk.Truncate, File: 0, Offset: 5},
		{Kind: disk.Sync, File: 0, Before: 3},
		{Kind: disk.Tell, Note: "hi"},
		{Kind: disk.Remove, File: 0, Name: "a"},
		{Kind: disk.Create, File: 1, Name: "a"},
		{Kind: disk.Truncate, File: 1},
		{Kind: disk.Write, File: 1, Offset: 2, Data: []byte("x")},
		{Kind: disk.Write, File: 0, Offset: 3, Data: []byte("y")},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// What the tape has no word for is an error.
func TestWhatIsNotUnderstoodIsRefused(t *testing.T) {
	for _, line := range []string{
		`7 rename('/d/a', '/d/b') = 0`,
		`7 write(3</d/a>, "\x78", 1) = 1`,
		`7 pwrite64(3</d/a>, "\x78"..., 4096, 0) = 4096`,
		`7 pwrite64(3</d/a>, "\x78", 1, 0) = -1 ENOSPC (No space left on device)`,
		`7 pwrite64(4</d/b>, "\x78", 1, 0) = 1`,
		`7 fallocate(3</d/a>, 0, 0, 4096) = 0`,
		`7 sync() = 0`,
		`7 <... fsync resumed>) = 0`,
		`nobody knows`,
	} {
		_, err := read(t, `7 openat(AT_FDCWD</>, '/d/a', O_RDWR|O_CREAT, 0600) = 3</d/a>`, line)
		if err == nil {
			t.Errorf("read: %s", line)
		}
	}
}
