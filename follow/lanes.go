package follow

import (
	"context"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// slot is the lane that a key belongs to: FNV-1a, 32 bits. It is part of what a
// database remembers and never changes, because a key that changed its lane would
// be applied twice or not at all.
func slot(key string, lanes int) int {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return int(h % uint32(lanes))
}

// position reads where a lane stands.
func (r *runner) position(ctx context.Context, lane int) (row store.FollowerPosition, ok bool, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		var err error
		row, ok, err = tx.Position(r.name, lane)
		return err
	})
	return row, ok, err
}

// rows are the positions of one follower. Each of them carries the number of
// lanes; rows of lanes that a smaller number left over are kept and not counted.
func rows(tx *store.Tx, follower string) (list []store.FollowerPosition, lanes int, err error) {
	all, err := tx.Positions()
	if err != nil {
		return nil, 0, err
	}
	for _, p := range all {
		if p.Follower == follower {
			list, lanes = append(list, p), p.Lanes
		}
	}
	return list, lanes, nil
}

// level returns the one position at which all lanes stand; ok is false if they
// stand apart.
func level(list []store.FollowerPosition, lanes int) (at store.FollowerPosition, ok bool) {
	n := 0
	for _, p := range list {
		if p.Lane >= lanes {
			continue
		}
		if n > 0 && p.Position != at.Position {
			return at, false
		}
		if n == 0 || !p.ID.IsZero() {
			at = p
		}
		n++
	}
	return at, n == lanes
}

// agreeOnLanes compares the number of lanes with the recorded one and changes the
// record where that is safe: when all lanes stand at one position, each key's
// past ends there, whichever lane it belonged to.
func (r *runner) agreeOnLanes(ctx context.Context) error {
	recorded := 0
	err := r.patiently(ctx, "reading the positions failed", closed, func() error {
		return r.db.Read(ctx, func(tx *store.Tx) error {
			var err error
			_, recorded, err = rows(tx, r.name)
			return err
		})
	})
	if err != nil || recorded == 0 || recorded == r.lanes {
		return err
	}
	terms := make([]int64, max(recorded, r.lanes))
	if r.db.Capabilities().Shared {
		// Whoever still runs the old lanes has to stop first, and is fenced off by
		// the higher terms if it does not notice.
		for lane := range terms {
			if terms[lane], err = r.acquire(ctx, lane); err != nil {
				return err
			}
			defer r.release(ctx, lane)
		}
	}
	final := func(err error) bool { return closed(err) || !infrastructure(err) }
	return r.patiently(ctx, "changing the number of lanes failed", final, func() error {
		return r.db.Do(ctx, func(tx *store.Tx) error { return r.changeLanes(tx, terms) })
	})
}

func (r *runner) changeLanes(tx *store.Tx, terms []int64) error {
	if err := tx.Lock("follow/" + r.name); err != nil {
		return err
	}
	list, recorded, err := rows(tx, r.name)
	if err != nil || recorded == r.lanes {
		return err
	}
	at, ok := level(list, recorded)
	if !ok {
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "change the number of lanes",
			Err: fmt.Errorf("the lanes stand apart, %d are recorded and %d wanted", recorded, r.lanes),
			Do:  fmt.Sprintf("run it with %d lanes until it has nothing to do, then with %d", recorded, r.lanes)}
	}
	// The rows of lanes that a larger number left over move along, so that every
	// row always tells the same number.
	for lane := range max(len(terms), list[len(list)-1].Lane+1) {
		to, from := at, bailiwick.Position{}
		to.Lane, to.Lanes, to.Term = lane, r.lanes, 0
		for _, p := range list {
			if p.Lane == lane {
				from, to.Term = p.Position, p.Term
			}
		}
		if lane < len(terms) {
			to.Term = max(to.Term, terms[lane])
		}
		if err := tx.Move(from, to); err != nil {
			return err
		}
	}
	return nil
}

// sameLanes refuses the first move of a lane where another instance has begun
// with another number of lanes.
func (r *runner) sameLanes(tx *store.Tx) error {
	if err := tx.Lock("follow/" + r.name); err != nil {
		return err
	}
	_, recorded, err := rows(tx, r.name)
	if err != nil || recorded == 0 || recorded == r.lanes {
		return err
	}
	return r.otherLanes(recorded)
}

func (r *runner) otherLanes(recorded int) error {
	return &bailiwick.Error{Code: bailiwick.Stale, Op: "move the position",
		Err: fmt.Errorf("another instance runs it with %d lanes, this one with %d", recorded, r.lanes),
		Do:  "run all instances with the same number of lanes"}
}
