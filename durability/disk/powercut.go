package disk

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
)

// Sector is how many bytes a disk writes whole or not at all.
const Sector = 512

// Luck says how what was not synced fares when the power goes.
type Luck int

// The kinds of luck.
const (
	// Nothing that was not synced survives.
	Nothing Luck = iota
	// Prefix keeps the oldest operations of each file, up to one that is torn.
	Prefix
	// Scattered keeps each sector of each write, and each truncation, by chance.
	Scattered
	// Everything survives, as when only the process is killed.
	Everything
	// Lucks is how many there are.
	Lucks
)

// String returns the name.
func (l Luck) String() string {
	return [...]string{"nothing", "prefix", "scattered", "everything"}[l]
}

// PowerCut returns what lies on the disk when the power comes back. The disk itself
// stays as it is, so that it can be asked again.
func (d *Disk) PowerCut(chance *rand.Rand, luck Luck) Image {
	names := survivors(d.kept, d.pending, chance, luck)
	image := Image{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		image[name] = d.files[names[name]].powerCut(chance, luck)
	}
	return image
}

// survivors returns the names that are left. Changes of one name survive in their
// order, those of different names independently.
func survivors(kept map[string]File, changes []pending, chance *rand.Rand, luck Luck) map[string]File {
	names := maps.Clone(kept)
	stopped := map[string]bool{}
	for _, p := range changes {
		if stopped[p.op.Name] {
			continue
		}
		switch luck {
		case Nothing:
			continue
		case Prefix, Scattered:
			if chance.IntN(2) == 0 {
				stopped[p.op.Name] = true
				continue
			}
		}
		rename(names, p.op)
	}
	return names
}

// powerCut returns what is left of one file.
func (c *content) powerCut(chance *rand.Rand, luck Luck) []byte {
	b := bytes.Clone(c.durable)
	length := int64(len(b))
	whole := len(c.pending)
	switch luck {
	case Nothing:
		return b
	case Prefix:
		whole = chance.IntN(len(c.pending) + 1)
	case Scattered:
		whole = 0
	}
	share := chance.Float64()
	for i, p := range c.pending {
		switch {
		case i < whole:
			b = p.op.apply(b)
		case luck == Scattered, i == whole:
			b = p.op.tear(b, chance, share)
		}
		length = p.op.extent(length)
	}
	// A file's length may have reached the disk before what was to fill it.
	if luck == Scattered && int64(len(b)) < length && chance.IntN(4) == 0 {
		b = resize(b, length)
	}
	return b
}

// tear does the operation in pieces, each with the chance share. A piece ends where
// a sector of the file does.
func (op Op) tear(b []byte, chance *rand.Rand, share float64) []byte {
	if op.Kind == Truncate {
		if chance.Float64() < share {
			b = op.apply(b)
		}
		return b
	}
	for from := int64(0); from < int64(len(op.Data)); {
		to := min(from+Sector-(op.Offset+from)%Sector, int64(len(op.Data)))
		if chance.Float64() < share {
			b = Op{Kind: Write, Offset: op.Offset + from, Data: op.Data[from:to]}.apply(b)
		}
		from = to
	}
	return b
}

// extent returns how long a file is after the operation.
func (op Op) extent(length int64) int64 {
	if op.Kind == Truncate {
		return op.Offset
	}
	return max(length, op.Offset+int64(len(op.Data)))
}
