package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/saga"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// mostSteps bounds how long a simulation may take to come to rest once all is mended.
const mostSteps = 6000

// rest runs until nothing is left to do, and says what is left if that never comes.
func (w *world) rest() []string {
	begun := w.steps.Load()
	for {
		w.due()
		groups := w.ready()
		if len(groups) > 0 && w.steps.Load() <= begun+mostSteps {
			group := groups[w.random.IntN(len(groups))]
			w.let(group, w.pass(group[0]))
			continue
		}
		unfinished := w.unfinished()
		if len(unfinished) == 0 {
			return nil
		}
		if w.steps.Load() > begun+mostSteps {
			return append([]string{"it did not come to rest"}, unfinished...)
		}
		if w.help() {
			continue
		}
		if !w.passTime(w.all()) {
			return append([]string{"everybody waits for ever"}, unfinished...)
		}
	}
}

// help does what a person would: it has parked messages and sagas tried again. It
// reports whether there were any.
func (w *world) help() (helped bool) {
	for _, v := range w.services {
		p := v.one(0)
		for _, from := range v.follows {
			for _, key := range v.parked(from) {
				w.note("replay " + v.name + " " + key)
				go func() { _ = follow.Replay(context.Background(), p.db, store.LogName(from.name), key) }()
				w.ready()
				helped = true
			}
		}
		sagas := v.disk.Records("saga")
		for _, id := range slices.Sorted(maps.Keys(sagas)) {
			if sagas[id].State == saga.Parked {
				w.note("retry " + id)
				go func() { _ = saga.Retry(context.Background(), p.db, id) }()
				w.ready()
				helped = true
			}
		}
	}
	return helped
}

// parkedKind is the kind of the records in which followers keep what they set aside.
const parkedKind = "follow.parked/"

// unfinished says what is still to be done.
func (w *world) unfinished() (left []string) {
	add := func(format string, args ...any) { left = append(left, fmt.Sprintf(format, args...)) }
	if n := w.left(); n > 0 {
		add("%d clients wait for an answer", n)
	}
	for _, v := range w.services {
		if _, staged := v.disk.Head(); staged > 0 {
			add("%d messages of %s have no place", staged, v.name)
		}
		for _, from := range v.follows {
			if v.halted[from.name] != "" || w.beyond(v, from) {
				continue // it never goes on
			}
			head, _ := from.disk.Head()
			if n := len(v.disk.Records(parkedKind + store.LogName(from.name))); n > 0 {
				add("%d messages of %s are set aside by %s", n, from.name, v.name)
			}
			lanes := 0
			for _, at := range v.disk.Positions() {
				if at.Follower != store.LogName(from.name) || at.Lane >= at.Lanes {
					continue
				}
				if at.Lanes != int(v.lanes.Load()) {
					add("%s follows %s by %d lanes, and is to by %d", v.name, from.name, at.Lanes, v.lanes.Load())
				}
				lanes++
				if at.Seq != head {
					add("lane %d of %s stands at %s of %s, whose head is %d", at.Lane, v.name, at.Position, from.name, head)
				}
			}
			if lanes == 0 && head > 0 {
				add("%s has no position in %s", v.name, from.name)
			}
		}
		for id, r := range v.disk.Records("saga") {
			if r.State != saga.Completed && r.State != saga.Compensated {
				add("saga %s is %s", id, r.State)
			}
		}
	}
	return left
}

func (w *world) left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clients
}

// beyond says whether a lane has seen what its log has lost: it waits for messages that
// will not come, or halts.
func (w *world) beyond(v, from *service) bool {
	return slices.ContainsFunc(v.disk.Positions(), func(at driver.Position) bool {
		return at.Follower == store.LogName(from.name) && w.lostTo(from, at) != nil
	})
}

// lostTo is the restore that took from a log what a position has seen.
func (w *world) lostTo(from *service, at driver.Position) *forked {
	for i, f := range w.forks {
		if f.service == from && at.Epoch < f.fork.Epoch && at.Seq > f.fork.Seq {
			return &w.forks[i]
		}
	}
	return nil
}
