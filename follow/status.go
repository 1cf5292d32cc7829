package follow

import (
	"context"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
)

// A FollowerStatus says how far a follower has come.
type FollowerStatus struct {
	Name string `json:"name"`
	// Position is that of the slowest lane: everything up to it has taken effect
	// or is set aside.
	Position bailiwick.Position `json:"position"`
	// Lanes is the position of each lane.
	Lanes []bailiwick.Position `json:"lanes"`
	// Retrying and Parked count the keys that are set aside and wait for their
	// next attempt, or for a person.
	Retrying int `json:"retrying"`
	Parked   int `json:"parked"`
}

// Lag is by how many messages the follower is behind a log's head.
func (s FollowerStatus) Lag(head int64) int64 { return max(0, head-s.Position.Seq) }

// Status returns how far the followers in a database have come, by name. One that
// never committed anything is not known yet.
func Status(ctx context.Context, db *store.DB) ([]FollowerStatus, error) {
	var list []FollowerStatus
	err := db.Read(ctx, func(tx *store.Tx) error {
		list = nil
		names, err := names(tx)
		if err != nil {
			return err
		}
		for _, name := range names {
			s, err := status(tx, name)
			if err != nil {
				return err
			}
			list = append(list, s)
		}
		return nil
	})
	return list, err
}

func status(tx *store.Tx, name string) (FollowerStatus, error) {
	positions, lanes, err := rows(tx, name)
	if err != nil {
		return FollowerStatus{}, err
	}
	s := FollowerStatus{Name: name, Lanes: make([]bailiwick.Position, lanes)}
	for _, p := range positions {
		if p.Lane < lanes {
			s.Lanes[p.Lane] = p.Position
		}
	}
	s.Position = s.Lanes[0]
	for _, p := range s.Lanes {
		if before(p, s.Position) {
			s.Position = p
		}
	}
	heads, err := tx.List(store.Query{Kind: parkedKind(name), States: headStates})
	for _, r := range heads {
		if r.State == StateRetry {
			s.Retrying++
		} else {
			s.Parked++
		}
	}
	return s, err
}
