package store

import (
	"context"
	"slices"
)

// Expect has the log hold its messages for followers that have not come yet: each
// name is registered as a required follower at the log's beginning. One that is
// registered already stays as it is.
//
// A log that several services follow, each in a process of its own, is expected to
// be read by all of them from its first message, in whatever order they start;
// without this, the first to come lets the log forget what the second has not seen.
func (l *Log) Expect(ctx context.Context, names ...string) error {
	// Every start asks; only the first has something to write.
	list, err := l.Followers(ctx)
	if err != nil {
		return err
	}
	unknown := func(name string) bool {
		return !slices.ContainsFunc(list, func(r RegisteredFollower) bool { return r.Name == name })
	}
	if !slices.ContainsFunc(names, unknown) {
		return nil
	}
	return l.db.Do(ctx, func(tx *Tx) error {
		if err := lockFollowers(tx); err != nil {
			return err
		}
		for _, name := range names {
			_, known, err := tx.Get(followerKind, name)
			if err != nil {
				return err
			}
			if known {
				continue
			}
			reg := RegisteredFollower{Name: name, Seen: tx.Now().UTC()}
			if err := tx.Put(followerRecord(reg, FollowerRequired, 0)); err != nil {
				return err
			}
		}
		return nil
	})
}
