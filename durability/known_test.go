package durability

import "maps"

// known is what the world knows when the power goes.
type known struct {
	tried   map[string]transfer
	done    map[string]bool
	refused map[string]bool
	applied int64
}

func newKnown() *known {
	return &known{tried: map[string]transfer{}, done: map[string]bool{}, refused: map[string]bool{}}
}

// hear takes in what was told.
func (k *known) hear(note any) {
	switch n := note.(type) {
	case tried:
		k.tried[n.ID] = n.transfer
	case done:
		k.done[n.id] = true
	case refused:
		k.refused[n.id] = true
	case applied:
		k.applied = max(k.applied, n.seq)
	}
}

// clone returns a copy.
func (k *known) clone() *known {
	return &known{maps.Clone(k.tried), maps.Clone(k.done), maps.Clone(k.refused), k.applied}
}
