package durability

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/bailiwick/bailiwick/durability/disk"
	"github.com/bailiwick/bailiwick/durability/trace"
)

// The production driver, with nothing of ours below it, asks the operating system
// for every sync that a power cut makes necessary. What the kernel was asked for is
// seen by strace.
func TestTheProductionDriverSyncs(t *testing.T) {
	r := straced(t)
	syncs := 0
	for _, op := range r.ops {
		if op.Kind == disk.Sync {
			syncs++
		}
	}
	if syncs < 20 {
		t.Errorf("%d syncs in %d operations", syncs, len(r.ops))
	}
	deaf := &run{disk: disk.New(nil), known: newKnown(), ops: deafen(r.ops, kinds(disk.Sync, disk.SyncNames))}
	chance, lost := rand.New(rand.NewPCG(1, 7)), false
	for _, place := range draws(chance, 150, len(r.ops)) {
		r.play(place)
		r.survives(t, chance, disk.Luck(chance.IntN(int(disk.Lucks))))
		if !lost {
			deaf.play(place)
			_, list := deaf.cut(t, chance, disk.Nothing)
			lost = slices.ContainsFunc(list, func(b broken) bool { return b.promise == acknowledged })
		}
	}
	if !lost {
		t.Error("without its syncs nothing is missed")
	}
}

// straced runs the machine in a process of its own and returns what strace saw.
func straced(t *testing.T) *run {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("BAILIWICK_TEST") == "full" {
			t.Fatal("install strace")
		}
		t.Skip("there is no strace")
	}
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, told, out := filepath.Join(top, "data"), filepath.Join(top, "told"), filepath.Join(top, "out")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(told, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "strace", append(slices.Clone(trace.Flags), "-o", out, os.Args[0])...)
	cmd.Env = append(os.Environ(), childDir+"="+dir, childTold+"="+told)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	f, err := os.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before, tape := disk.New(nil).Restart()
	if err := (&trace.Reader{Dir: dir, Told: told, Note: note, Tape: tape}).Read(f); err != nil {
		t.Fatal(err)
	}
	end := &run{disk: disk.New(nil), known: newKnown(), ops: tape.Ops()}
	end.play(len(end.ops))
	if err := sameFiles(dir, end.disk.Now()); err != nil {
		t.Fatal(err)
	}
	return &run{disk: before, known: newKnown(), ops: tape.Ops()}
}

// sameFiles says how an image differs from what lies in a directory.
func sameFiles(dir string, image disk.Image) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	there := disk.Image{}
	for _, e := range entries {
		if there[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(there, image) {
		return fmt.Errorf("the trace does not make the files that are there: %d and %d", len(image), len(there))
	}
	return nil
}
