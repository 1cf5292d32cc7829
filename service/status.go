package service

import (
	"context"

	"github.com/bailiwick/bailiwick/service/admin"
)

// Status tells how one service is doing; admin.Inspect reads it from a database.
type Status = admin.Status

// Status tells how each service is doing, with the lag of this group's followers
// up to date.
func (g *Group) Status(ctx context.Context) ([]Status, error) {
	return g.statusOf(ctx, g.services)
}

func (g *Group) statusOf(ctx context.Context, services []*Service) ([]Status, error) {
	list := make([]Status, len(services))
	for i, s := range services {
		var err error
		if list[i], err = admin.Inspect(ctx, s.DB); err != nil {
			return nil, err
		}
		if g.phase.Load() == starting {
			continue
		}
		for r := range list[i].Log.Followers {
			for _, w := range g.wires {
				if reader := &list[i].Log.Followers[r]; w.Log() == list[i].Log.Name && w.consumer.Name == reader.Name {
					reader.Lag = w.lag()
				}
			}
		}
	}
	return list, nil
}
