package torture

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	"github.com/bailiwick/bailiwick/internal/torture/nemesis"
)

// scope is what the nemesis may choose from.
func (f *fleet) scope() nemesis.Scope {
	s := nemesis.Scope{Kinds: f.opts.Faults, Pauses: f.opts.Pauses}
	for _, c := range f.children {
		s.Processes = append(s.Processes, c.name)
	}
	for _, l := range f.links {
		s.Links = append(s.Links, l.Name())
	}
	return s
}

// arm makes the fault of a step.
func (f *fleet) arm(step nemesis.Step) nemesis.Fault {
	if step.Kind == nemesis.Restart {
		return nemesis.NewRestart(f.opts.RestartServer)
	}
	c, link := f.find(step.Target)
	switch step.Kind {
	case nemesis.Kill:
		return nemesis.NewKill(c, second(step.Draw))
	case nemesis.Point:
		return nemesis.NewPoint(c, deadline(step.Draw))
	case nemesis.Pause:
		return nemesis.NewPause(c)
	case nemesis.Disk:
		return nemesis.NewDisk(c)
	case nemesis.Clock:
		return nemesis.NewClock(f.set(c))
	}
	return link.Trouble(step.Kind)
}

// second draws when a process that was killed is killed again, while it starts; mostly
// it is not.
func second(draw uint64) time.Duration {
	if draw%4 != 0 {
		return 0
	}
	return time.Duration(20+draw/4%180) * time.Millisecond
}

// arrivals is at most how often a point is passed before the process dies there.
const arrivals = 40

// deadline draws a point to die at, and at which arrival. Nobody sets a log up anew
// here.
func deadline(draw uint64) string {
	points := slices.DeleteFunc(proof.Points(), func(p proof.Point) bool { return p == proof.Rebuilding })
	n := uint64(len(points))
	return fmt.Sprintf("%s:%d", points[draw%n], 1+draw/n%arrivals)
}

// set has the clock of one process run ahead; after a restart it has another one. A
// process that is stopped does not answer: it may do it once it goes on, so that has
// begun, and is put right like any other.
func (f *fleet) set(c *child) func(ctx context.Context, ahead time.Duration) error {
	_, moved := c.where()
	return func(ctx context.Context, ahead time.Duration) error {
		url, life := c.where()
		if life != moved || url == "" {
			return nemesis.ErrAway
		}
		client := f.bank(func(string) string { return url }, time.Second)
		defer client.HTTP.CloseIdleConnections()
		err := client.Set(ctx, c.service, ahead)
		if ahead != 0 && bailiwick.CodeOf(err) == bailiwick.Unknown {
			return nil
		}
		return err
	}
}
