package outbox

import (
	"context"

	"github.com/bailiwick/bailiwick/store"
)

// A LogStatus tells of a database's log and of who follows it.
type LogStatus struct {
	// LogState is the log's incarnation and bounds.
	store.LogState
	// Followers are those registered, by name.
	Followers []Follower `json:"followers"`
}

// A Follower is a registered follower, and how far it is behind.
type Follower struct {
	store.RegisteredFollower
	// Lag is how many messages stand after the position that the log has written
	// down for it, those that do not concern the follower included. The log
	// writes positions down about once a second, so the truth is rather less.
	Lag int64 `json:"lag"`
}

// Undelivered is how many messages the slowest required follower has not
// committed, with those that were not stamped yet; 0 where nobody follows.
func (s LogStatus) Undelivered() int64 {
	most, followed := int64(0), false
	for _, f := range s.Followers {
		if f.State == store.FollowerRequired {
			most, followed = max(most, f.Lag), true
		}
	}
	if !followed {
		return 0
	}
	return most + max(s.Staged, 0)
}

// Status reads the state of a database's log and of its followers. It only
// reads, so it works on a database that another process runs.
func Status(ctx context.Context, db *store.DB) (LogStatus, error) {
	// Followers first: read after it, the head cannot lie before any of them.
	followers, err := db.Log().Followers(ctx)
	if err != nil {
		return LogStatus{}, err
	}
	state, err := db.Log().State(ctx)
	if err != nil {
		return LogStatus{}, err
	}
	s := LogStatus{LogState: state, Followers: make([]Follower, len(followers))}
	for i, f := range followers {
		s.Followers[i] = Follower{RegisteredFollower: f, Lag: max(0, state.Head-f.Position.Seq)}
	}
	return s, nil
}
