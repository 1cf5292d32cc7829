package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Stamp gives places to messages that have become visible since it last ran. It is one
// transaction: the term is compared, and the log written, or neither.
func (db *DB) Stamp(ctx context.Context, term int64, limit int) ([]bailiwick.Message, error) {
	if err := db.enter(ctx); err != nil {
		return nil, err
	}
	defer db.leave()
	d := db.disk
	if !d.options.Stamps {
		return nil, nil
	}
	if work, err := db.workToStamp(term); err != nil || !work {
		return nil, err
	}
	fate := db.hold(ctx, "stamp", "")
	if fate.Before != nil {
		return nil, fate.Before
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.writable()
	if err := s.fence(term); err != nil {
		return nil, err
	}
	slices.SortFunc(s.staging, func(a, b staged) int { return cmp.Compare(a.id, b.id) })
	visible := s.staging
	if proof.Off(proof.CommitOrder) {
		for len(visible) > 0 && visible[0].id <= s.last {
			visible = visible[1:] // it was still open when a later one was stamped
		}
	}
	n := min(limit, len(visible))
	for _, row := range visible[:n] {
		s.last = max(s.last, row.id)
	}
	msgs := s.write(visible[:n])
	s.staging = slices.Clone(visible[n:])
	s.term = term
	return msgs, fate.After
}

// workToStamp says whether a step would find anything, without being one.
func (db *DB) workToStamp(term int64) (bool, error) {
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	return len(db.disk.state.staging) > 0, db.disk.state.fence(term)
}

// fence refuses a term that was overtaken.
func (s *state) fence(term int64) error {
	if term >= s.term || proof.Off(proof.Fencing) {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.Stale, Op: "memory: stamp", Err: fmt.Errorf("term %d was overtaken by %d", term, s.term)}
}

// ReadLog returns stamped messages after a seq.
func (db *DB) ReadLog(ctx context.Context, after int64, limit int) ([]bailiwick.Message, error) {
	if err := db.enter(ctx); err != nil {
		return nil, err
	}
	defer db.leave()
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	log := db.disk.state.log
	from, _ := slices.BinarySearchFunc(log, after+1, func(m bailiwick.Message, seq int64) int { return cmp.Compare(m.Seq, seq) })
	return slices.Clone(log[from:min(len(log), from+limit)]), nil
}

// LogState returns the log's incarnation and bounds.
func (db *DB) LogState(ctx context.Context) (driver.LogState, error) {
	if err := db.enter(ctx); err != nil {
		return driver.LogState{}, err
	}
	defer db.leave()
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	s := db.disk.state
	return driver.LogState{Name: db.log, Epoch: s.epoch(), Head: s.head, Low: s.low, Staged: int64(len(s.staging)), History: slices.Clone(s.history)}, nil
}

// Trim deletes messages that retention does not hold.
func (db *DB) Trim(ctx context.Context, rule driver.Trim) (more bool, err error) {
	if err := db.enter(ctx); err != nil {
		return false, err
	}
	defer db.leave()
	fate := db.hold(ctx, "trim", "")
	if fate.Before != nil {
		return false, fate.Before
	}
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	s := db.disk.writable()
	latest := map[[2]string]int64{} // of compacted types, by type and key
	for _, m := range s.log {
		if m.Seq <= rule.UpTo && slices.Contains(rule.Compact, m.Type) {
			latest[[2]string{m.Type, m.Key}] = m.Seq
		}
	}
	kept := make([]bailiwick.Message, 0, len(s.log))
	gone := 0
	for _, m := range s.log {
		if m.Seq > rule.UpTo || slices.Contains(rule.Forever, m.Type) || latest[[2]string{m.Type, m.Key}] == m.Seq {
			kept = append(kept, m)
		} else if gone == rule.Limit {
			kept, more = append(kept, m), true
		} else {
			gone++
			s.trimmed = append(s.trimmed, m)
			s.low = max(s.low, m.Seq)
		}
	}
	s.log = kept
	return more, fate.After
}
