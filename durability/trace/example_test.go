package trace_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/durability/trace"
)

// Two threads of a process, one of which writes a file while the other syncs it.
func Example() {
	lines := strings.Join([]string{
		`7 openat(AT_FDCWD<\x2f>, "\x2f\x64\x2f\x61", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<\x2f\x64\x2f\x61>`,
		`7 pwrite64(3<\x2f\x64\x2f\x61>, "\x6f\x6c\x64", 3, 0) = 3`,
		`7 fsync(3<\x2f\x64\x2f\x61> <unfinished ...>`,
		`8 pwrite64(3<\x2f\x64\x2f\x61>, "\x6e\x65\x77", 3, 0) = 3`,
		`7 <... fsync resumed>)             = 0`,
		`7 write(1</dev/pts/0>, "\x68\x69", 2) = 2`,
		`8 +++ exited with 0 +++`,
	}, "\n")
	d, tape := disk.New(nil).Restart()
	r := trace.Reader{Dir: "/d", Tape: tape}
	if err := r.Read(strings.NewReader(lines)); err != nil {
		log.Fatal(err)
	}
	for _, op := range tape.Ops() {
		d.Play(op)
	}
	fmt.Printf("%q, and the sync covers what was before operation %d\n", d.Now()["a"], tape.Ops()[3].Before)
	// Output:
	// "new", and the sync covers what was before operation 2
}
