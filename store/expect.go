package store

import (
	"context"

	"github.com/bailiwick/bailiwick"
)

// Expect has the log hold its messages for followers that have not come yet: each
// name is registered as a required follower at the log's beginning. One that is
// registered already stays as it is.
//
// A log that several services follow, each in a process of its own, is expected to
// be read by all of them from its first message, in whatever order they start;
// without this, the first to come lets the log forget what the second has not seen.
func (l *Log) Expect(ctx context.Context, names ...string) error {
	err := l.expect(ctx, names)
	if bailiwick.CodeOf(err) == bailiwick.Conflict {
		err = l.expect(ctx, names) // another process registered one meanwhile
	}
	return err
}

func (l *Log) expect(ctx context.Context, names []string) error {
	return l.db.Do(ctx, func(tx *Tx) error {
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
