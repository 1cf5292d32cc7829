package disk

import (
	"maps"
	"sync"
)

// Kind says what an operation does.
type Kind int

// The kinds of operations.
const (
	// Create gives a new, empty file a name.
	Create Kind = iota
	// Write changes bytes of a file.
	Write
	// Truncate sets a file's length.
	Truncate
	// Sync makes durable what a file went through before Op.Before.
	Sync
	// Remove takes a name away; who has the file open keeps it.
	Remove
	// SyncNames makes durable which names there are, as of Op.Before.
	SyncNames
	// Tell is what the program told the world: Op.Note.
	Tell
)

// File is one file, whatever its name is by now.
type File int

// Op is one operation on a tape.
type Op struct {
	Kind Kind
	File File
	Name string // Create and Remove
	// Offset is where Data goes, in bytes; of a Truncate the new length.
	Offset int64
	Data   []byte
	// Before is the number of operations on the tape when a sync began: those are
	// durable once it has returned.
	Before int
	Note   any
}

// Tape takes down the operations of one run. Its methods may be called by several
// goroutines at once.
type Tape struct {
	mu    sync.Mutex
	ops   []Op
	names map[string]File
	next  File
}

// Open returns the file of a name, which comes into being if there is none.
func (t *Tape) Open(name string) File {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.names[name]; ok {
		return f
	}
	f := t.next
	t.next++
	t.names[name] = f
	t.ops = append(t.ops, Op{Kind: Create, File: f, Name: name})
	return f
}

// Write takes down a write that begins. The tape keeps data.
func (t *Tape) Write(f File, offset int64, data []byte) {
	t.add(Op{Kind: Write, File: f, Offset: offset, Data: data})
}

// Truncate takes down a new length in bytes.
func (t *Tape) Truncate(f File, length int64) { t.add(Op{Kind: Truncate, File: f, Offset: length}) }

// Remove takes down that a name goes.
func (t *Tape) Remove(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f, ok := t.names[name]; ok {
		delete(t.names, name)
		t.ops = append(t.ops, Op{Kind: Remove, File: f, Name: name})
	}
}

// Len returns how many operations there are; a sync that begins keeps it.
func (t *Tape) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.ops)
}

// Sync takes down that a sync of a file, begun at before, has returned.
func (t *Tape) Sync(f File, before int) { t.add(Op{Kind: Sync, File: f, Before: before}) }

// SyncNames takes down that a sync of the directory, begun at before, has returned.
func (t *Tape) SyncNames(before int) { t.add(Op{Kind: SyncNames, Before: before}) }

// Tell takes down what the world knows from now on.
func (t *Tape) Tell(note any) { t.add(Op{Kind: Tell, Note: note}) }

func (t *Tape) add(op Op) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ops = append(t.ops, op)
}

// Ops returns what was taken down so far. It is not to be changed.
func (t *Tape) Ops() []Op {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ops[:len(t.ops):len(t.ops)]
}

func newTape(names map[string]File, next File) *Tape {
	return &Tape{names: maps.Clone(names), next: next}
}
