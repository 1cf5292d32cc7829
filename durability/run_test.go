package durability

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/durability/tap"
	"github.com/bailiwick/bailiwick/engine/sqlite"
)

// outlet is the tap of this process: SQLite has one default VFS.
var outlet *tap.Tap

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		os.Exit(child(dir))
	}
	var err error
	if outlet, err = tap.Open(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	outlet.Close()
	os.Exit(code)
}

// run is a run of a machine at one moment: the disk, and what the world knows.
type run struct {
	disk  *disk.Disk
	known *known
	ops   []disk.Op // of the whole run
	at    int       // how many of them have happened
}

// work is what a machine does in a life. Its transfers have ids that begin with name.
type work func(m *machine, dir, name string, chance *rand.Rand) error

// idle does nothing between start and close.
func idle(*machine, string, string, *rand.Rand) error { return nil }

// record runs a machine where another run stands, each work in a life of its own
// from start to close, and returns the moment before.
func (r *run) record(t *testing.T, level sqlite.Synchronous, name string, chance *rand.Rand, lives ...work) *run {
	t.Helper()
	before, tape := r.disk.Restart()
	dir := directory(t, before.Now())
	defer os.RemoveAll(dir)
	outlet.Record(dir, tape)
	defer outlet.Record(dir, nil)
	for i, work := range lives {
		if err := live(dir, level, fmt.Sprintf("%s.%d", name, i), tape.Tell, chance, work); err != nil {
			t.Fatal(err)
		}
	}
	return &run{disk: before, known: r.known.clone(), ops: tape.Ops()}
}

// blank is a new machine.
func blank() *run { return &run{disk: disk.New(nil), known: newKnown()} }

// live is one life of a machine.
func live(dir string, level sqlite.Synchronous, name string, tell func(any), chance *rand.Rand, work work) error {
	m, err := start(dir, level, tell)
	if err != nil {
		return err
	}
	c, err := look(m)
	for id := range c.transfers {
		tell(done{id}) // who has read it counts on it
	}
	tell(applied{c.position})
	m.at = c.position
	if err == nil {
		err = work(m, dir, name, chance)
	}
	return errors.Join(err, m.close())
}

// play goes on until n operations have happened.
func (r *run) play(n int) {
	for ; r.at < n; r.at++ {
		op := r.ops[r.at]
		r.disk.Play(op)
		if op.Kind == disk.Tell {
			r.known.hear(op.Note)
		}
	}
}

// cut cuts the power and returns what came of it.
func (r *run) cut(t *testing.T, chance *rand.Rand, luck disk.Luck) (disk.Image, findings) {
	t.Helper()
	image := r.disk.PowerCut(chance, luck)
	dir := directory(t, image)
	defer os.RemoveAll(dir)
	return image, verdict(dir, r.known.clone())
}

// survives fails the test if a power cut breaks a promise. It leaves the image for
// whoever wants to look at it: go test -artifacts.
func (r *run) survives(t *testing.T, chance *rand.Rand, luck disk.Luck) disk.Image {
	t.Helper()
	image, list := r.cut(t, chance, luck)
	if len(list) > 0 {
		if err := unpack(image, t.ArtifactDir()); err != nil {
			t.Log(err)
		}
		t.Fatalf("power cut after operation %d of %d, %s of the unsynced survives: %v", r.at, len(r.ops), luck, list)
	}
	return image
}

// directory returns a new directory with an image in it.
func directory(t *testing.T, image disk.Image) string {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "")
	if err == nil {
		err = unpack(image, dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
