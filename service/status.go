package service

import (
	"context"

	"github.com/bailiwick/bailiwick/service/admin"
	"github.com/bailiwick/bailiwick/service/settle"
	"github.com/bailiwick/bailiwick/store"
)

// Status tells how one service is doing.
type Status = admin.Status

// Status tells how each service is doing, with the lag of this group's followers
// up to date; admin.Inspect tells the same of a database alone.
func (g *Group) Status(ctx context.Context) ([]Status, error) {
	list := make([]Status, len(g.services))
	for i, s := range g.services {
		var err error
		if list[i], err = g.status(ctx, s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (g *Group) status(ctx context.Context, s *Service) (Status, error) {
	status, err := admin.Inspect(ctx, s.DB)
	if err != nil || g.phase.Load() == starting {
		return status, err
	}
	for _, source := range g.sources {
		for i := range status.Log.Followers {
			if f := &status.Log.Followers[i]; source.Log() == status.Log.Name && source.Follower == f.Name {
				f.Lag = source.Lag()
			}
		}
	}
	return status, nil
}

// Settle returns once the running group has come to rest; see settle.Wait.
func (g *Group) Settle(ctx context.Context) error {
	for g.phase.Load() == starting && ctx.Err() == nil {
		settle.Pause(ctx)
	}
	dbs := make([]*store.DB, len(g.services))
	for i, s := range g.services {
		dbs[i] = s.DB
	}
	return settle.Wait(ctx, dbs, g.sources)
}
