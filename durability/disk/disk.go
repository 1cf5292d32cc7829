package disk

import (
	"bytes"
	"maps"
	"slices"
)

// Image is what lies in the directory: contents by name.
type Image map[string][]byte

// Disk is the directory at one moment of a run.
type Disk struct {
	played int
	files  map[File]*content
	// names is what the program sees, kept what is durable; between the two lies
	// what was not synced yet.
	names, kept map[string]File
	pending     []pending
	next        File
}

// content is one file: what is durable, and what was done to it since.
type content struct {
	durable []byte
	pending []pending
}

// pending is an operation that is not durable yet, with its place on the tape.
type pending struct {
	at int
	op Op
}

// New returns a disk on which an image lies, durably.
func New(image Image) *Disk {
	d := &Disk{files: map[File]*content{}, names: map[string]File{}, kept: map[string]File{}}
	for _, name := range slices.Sorted(maps.Keys(image)) {
		d.files[d.next] = &content{durable: bytes.Clone(image[name])}
		d.names[name], d.kept[name] = d.next, d.next
		d.next++
	}
	return d
}

// Restart returns a copy of the disk, with what is not durable still in memory, and
// a tape for the next run on it: the program ended, the machine did not.
func (d *Disk) Restart() (*Disk, *Tape) {
	c := &Disk{files: map[File]*content{}, names: maps.Clone(d.names), kept: maps.Clone(d.kept),
		pending: earlier(d.pending), next: d.next}
	for f, k := range d.files {
		c.files[f] = &content{durable: bytes.Clone(k.durable), pending: earlier(k.pending)}
	}
	return c, newTape(d.names, d.next)
}

// earlier returns what was done before the tape begins.
func earlier(list []pending) []pending {
	list = slices.Clone(list)
	for i := range list {
		list[i].at = -1
	}
	return list
}

// Play does the next operation of the tape.
func (d *Disk) Play(op Op) {
	p := pending{d.played, op}
	switch op.Kind {
	case Create:
		d.files[op.File] = &content{}
		d.names[op.Name] = op.File
		d.pending = append(d.pending, p)
		d.next = max(d.next, op.File+1)
	case Remove:
		delete(d.names, op.Name)
		d.pending = append(d.pending, p)
	case Write, Truncate:
		d.files[op.File].pending = append(d.files[op.File].pending, p)
	case Sync:
		d.files[op.File].settle(op.Before)
	case SyncNames:
		var left []pending
		for _, p := range d.pending {
			if p.at < op.Before {
				rename(d.kept, p.op)
			} else {
				left = append(left, p)
			}
		}
		d.pending = left
	}
	d.played++
}

// rename does to names what an operation does.
func rename(names map[string]File, op Op) {
	if op.Kind == Create {
		names[op.Name] = op.File
	} else {
		delete(names, op.Name)
	}
}

// settle makes durable what was done before a place on the tape.
func (c *content) settle(before int) {
	n := 0
	for n < len(c.pending) && c.pending[n].at < before {
		c.durable = c.pending[n].op.apply(c.durable)
		n++
	}
	c.pending = slices.Clone(c.pending[n:])
}

// apply does the operation to a file's bytes, which it may reuse.
func (op Op) apply(b []byte) []byte {
	if op.Kind == Truncate {
		return resize(b, op.Offset)
	}
	if end := op.Offset + int64(len(op.Data)); end > int64(len(b)) {
		b = resize(b, end)
	}
	copy(b[op.Offset:], op.Data)
	return b
}

// resize sets the length; what is new is zero.
func resize(b []byte, length int64) []byte {
	if n := length - int64(len(b)); n > 0 {
		return append(b, make([]byte, n)...)
	}
	return b[:length]
}

// Now returns what a program sees, synced or not: what a process that is killed
// leaves for the next.
func (d *Disk) Now() Image {
	image := Image{}
	for name, f := range d.names {
		b := bytes.Clone(d.files[f].durable)
		for _, p := range d.files[f].pending {
			b = p.op.apply(b)
		}
		image[name] = b
	}
	return image
}
