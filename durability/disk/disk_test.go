package disk

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// play plays all of a tape and returns the disk.
func play(d *Disk, t *Tape) *Disk {
	for _, op := range t.Ops() {
		d.Play(op)
	}
	return d
}

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// What was synced is there whatever happens; what was not is not counted on.
func TestOnlySyncsMakeDurable(t *testing.T) {
	d, tape := New(Image{"a": []byte("old")}).Restart()
	a := tape.Open("a")
	tape.Write(a, 0, []byte("new"))
	tape.Sync(a, tape.Len())
	tape.Write(a, 3, []byte("er"))
	b := tape.Open("b")
	tape.Write(b, 0, []byte("b"))
	tape.Sync(b, tape.Len())
	play(d, tape)
	if got := d.PowerCut(chance(1), Nothing); !reflect.DeepEqual(got, Image{"a": []byte("new")}) {
		t.Errorf("without the directory's sync there is %q", got)
	}
	if got := d.PowerCut(chance(1), Everything); !reflect.DeepEqual(got, d.Now()) || string(got["a"]) != "newer" {
		t.Errorf("with everything there is %q", got)
	}
	tape.SyncNames(tape.Len())
	d.Play(tape.Ops()[tape.Len()-1])
	if got := d.PowerCut(chance(1), Nothing); !reflect.DeepEqual(got, Image{"a": []byte("new"), "b": []byte("b")}) {
		t.Errorf("with the directory's sync there is %q", got)
	}
}

// A sync covers what was written before it began, not what came while it ran.
func TestASyncCoversWhatWasBefore(t *testing.T) {
	d, tape := New(Image{"a": nil}).Restart()
	a := tape.Open("a")
	tape.Write(a, 0, []byte("1"))
	before := tape.Len()
	tape.Write(a, 1, []byte("2"))
	tape.Sync(a, before)
	play(d, tape)
	if got := d.PowerCut(chance(1), Nothing); string(got["a"]) != "1" {
		t.Errorf("there is %q", got["a"])
	}
}

// A file that was removed comes back until the directory is synced, with what was
// durable in it; the next of that name is another file.
func TestARemovedFileMayComeBack(t *testing.T) {
	d, tape := New(Image{"a": []byte("first")}).Restart()
	tape.Remove("a")
	second := tape.Open("a")
	tape.Write(second, 0, []byte("second"))
	tape.Sync(second, tape.Len())
	play(d, tape)
	seen := map[string]bool{}
	for seed := range uint64(50) {
		content, ok := d.PowerCut(chance(seed), Prefix)["a"]
		seen[fmt.Sprint(ok, string(content))] = true
	}
	want := map[string]bool{"truefirst": true, "false": true, "truesecond": true}
	if !reflect.DeepEqual(seen, want) {
		t.Errorf("seen %v, want %v", seen, want)
	}
}

// What is scattered is in pieces that end where sectors do; a prefix is torn in its
// last write only.
func TestWritesTear(t *testing.T) {
	d, tape := New(Image{"a": nil}).Restart()
	a := tape.Open("a")
	tape.Write(a, 100, bytes.Repeat([]byte{1}, 2*Sector))
	tape.Write(a, 100, bytes.Repeat([]byte{2}, 2*Sector))
	play(d, tape)
	mixed, torn := false, false
	for seed := range uint64(200) {
		b := d.PowerCut(chance(seed), Scattered)["a"]
		b = append(b, make([]byte, 100+2*Sector-len(b))...)
		pieces := [][]byte{b[100:Sector], b[Sector : 2*Sector], b[2*Sector:]}
		for _, p := range pieces {
			if bytes.Count(p, p[:1]) != len(p) {
				t.Fatalf("a sector is torn: %v", p)
			}
		}
		mixed = mixed || pieces[0][0] == 2 && pieces[1][0] == 1 && pieces[2][0] == 0

		b = d.PowerCut(chance(seed), Prefix)["a"]
		if bytes.IndexByte(b, 2) >= 0 && bytes.IndexByte(b[100:], 0) >= 0 {
			t.Fatal("the second write is there, the first is not whole")
		}
		torn = torn || bytes.IndexByte(b, 2) >= 0 && bytes.IndexByte(b, 1) >= 0
	}
	if !mixed || !torn {
		t.Errorf("mixed: %t, torn: %t", mixed, torn)
	}
}

// A truncation is no more durable than a write, and the length of a file may be
// there before its content is.
func TestLengthsAreLostToo(t *testing.T) {
	d, tape := New(Image{"a": []byte("content")}).Restart()
	a := tape.Open("a")
	tape.Truncate(a, 0)
	tape.Write(a, 2*Sector, []byte("x"))
	play(d, tape)
	seen := map[string]bool{}
	for seed := range uint64(200) {
		b := d.PowerCut(chance(seed), Scattered)["a"]
		seen[fmt.Sprint(len(b), bytes.HasPrefix(b, []byte("content")), bytes.HasSuffix(b, []byte("x")))] = true
	}
	for _, want := range []string{"7 true false", "0 false false", "1025 true true", "1025 false true", "1025 true false", "1025 false false"} {
		if !seen[want] {
			t.Errorf("never seen: %s; seen: %v", want, seen)
		}
	}
}

// The next run goes on with what is in memory, and its tape knows the files.
func TestRestartKeepsWhatIsNotDurable(t *testing.T) {
	d, tape := New(nil).Restart()
	a := tape.Open("a")
	tape.Write(a, 0, []byte("1"))
	play(d, tape)
	next, tape := d.Restart()
	if again := tape.Open("a"); again != a || tape.Len() != 0 {
		t.Fatalf("file %d, was %d; %d operations", again, a, tape.Len())
	}
	if got := next.PowerCut(chance(1), Nothing); len(got) != 0 {
		t.Errorf("durable without a sync: %q", got)
	}
	tape.Sync(a, tape.Len())
	tape.SyncNames(tape.Len())
	if got := play(next, tape).PowerCut(chance(1), Nothing); string(got["a"]) != "1" {
		t.Errorf("the next run's sync left %q", got)
	}
	if got := d.PowerCut(chance(1), Nothing); len(got) != 0 {
		t.Errorf("the disk before is not as it was: %q", got)
	}
}
