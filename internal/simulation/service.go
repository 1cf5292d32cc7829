package simulation

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/follow"
	"github.com/bailiwick/bailiwick/internal/memory"
	"github.com/bailiwick/bailiwick/store"
)

// A service owns a disk and runs as one process or two.
type service struct {
	name      string
	disk      *memory.Disk
	stamps    bool
	processes []*process
	// follows are the services whose logs it follows, and lanes by how many workers, from
	// the next start on.
	follows []*service
	lanes   atomic.Int64
	// handlers makes what a process of it does with messages of another service.
	handlers func(p *process, from *service) follow.Handlers
	readers  []string          // the names of those who follow it
	cut      map[*service]bool // from whom nothing comes
	holed    map[*service]bool // whose answer has had a hole
	// halted says why followers gave up for good, by the name of the service they follow.
	halted map[string]bailiwick.Code
}

// head is the last seq that anybody of it knows, who could tell of it.
func (v *service) head() (head int64) {
	for _, p := range v.processes {
		if p.awake() {
			if state, ok := p.db.Log().Known(); ok {
				head = max(head, state.Head)
			}
		}
	}
	return head
}

// placeLanes puts all lanes at the beginning of their log: two that come there for the
// first time would be told apart by nothing.
func (v *service) placeLanes(tx *store.Tx) error {
	for _, from := range v.follows {
		lanes := int(v.lanes.Load())
		for lane := range lanes {
			at := store.FollowerPosition{Follower: store.LogName(from.name), Lane: lane, Lanes: lanes, Position: bailiwick.Position{Epoch: 1}}
			if err := tx.Move(bailiwick.Position{}, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// up says whether a process of the service can be asked.
func (v *service) up() bool { return v.one(0) != nil }

// one is one of the processes that can be asked, nil if none can.
func (v *service) one(pick uint64) *process {
	var list []*process
	for _, p := range v.processes {
		if p.awake() {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[pick%uint64(len(list))]
}

// parked are the keys that wait for a person, in order.
func (v *service) parked(from *service) (keys []string) {
	for _, r := range v.disk.Records(parkedKind + store.LogName(from.name)) {
		if r.State == follow.StateParked {
			key, _, _ := strings.Cut(r.Key, "/")
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
