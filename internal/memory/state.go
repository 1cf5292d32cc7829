package memory

import (
	"maps"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// state is what is committed. A commit changes it in place, unless a reader has it
// pinned: then it changes a clone, and the reader keeps what it had.
type state struct {
	pins int

	log     []bailiwick.Message // stamped and not trimmed
	trimmed []bailiwick.Message // for whoever looks at the disk
	staging []staged            // committed, not stamped
	history []bailiwick.Fork
	head    int64
	low     int64
	last    int64 // the greatest id that was stamped
	term    int64 // of the last step of the sequencer

	positions map[lanePlace]driver.Position
	records   map[string]map[string]driver.Record // by kind and key
	claims    map[[2]string]driver.Claim          // by scope and key
	leases    map[string]driver.Lease
}

// staged is a message without a place, under the id that it drew.
type staged struct {
	id int64
	m  bailiwick.Message
}

// lanePlace names a lane of a follower.
type lanePlace struct {
	follower string
	lane     int
}

func newState() *state {
	return &state{history: []bailiwick.Fork{{Epoch: 1}}, positions: map[lanePlace]driver.Position{},
		records: map[string]map[string]driver.Record{}, claims: map[[2]string]driver.Claim{}, leases: map[string]driver.Lease{}}
}

func (s *state) epoch() int64 { return s.history[len(s.history)-1].Epoch }

func (s *state) clone() *state {
	c := *s
	c.pins = 0
	c.log, c.trimmed, c.staging, c.history = slices.Clone(s.log), slices.Clone(s.trimmed), slices.Clone(s.staging), slices.Clone(s.history)
	c.positions, c.claims, c.leases = maps.Clone(s.positions), maps.Clone(s.claims), maps.Clone(s.leases)
	c.records = make(map[string]map[string]driver.Record, len(s.records))
	for kind, byKey := range s.records {
		c.records[kind] = maps.Clone(byKey)
	}
	return &c
}

// writable returns the state to change. d.mu is held.
func (d *Disk) writable() *state {
	if d.state.pins > 0 {
		d.state = d.state.clone()
	}
	return d.state
}

// changes are what a transaction has written and not committed.
type changes struct {
	positions map[lanePlace]driver.Position
	records   map[[2]string]driver.Record // State "" where it was deleted
	claims    map[[2]string]driver.Claim
	staging   []staged
}

func (c changes) clone() changes {
	return changes{positions: maps.Clone(c.positions), records: maps.Clone(c.records), claims: maps.Clone(c.claims), staging: slices.Clone(c.staging)}
}

// set puts a value into a map that may not be there yet.
func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

// apply makes changes part of the committed state, but for what was staged.
func (s *state) apply(c changes) {
	maps.Copy(s.positions, c.positions)
	maps.Copy(s.claims, c.claims)
	for key, r := range c.records {
		if r.State == "" {
			delete(s.records[key[0]], key[1])
			continue
		}
		if s.records[key[0]] == nil {
			s.records[key[0]] = map[string]driver.Record{}
		}
		s.records[key[0]][key[1]] = r
	}
}
