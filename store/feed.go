package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bailiwick/bailiwick"
)

// followerKind is the kind of the records in which a log remembers who follows it.
const followerKind = "log.follower"

// The states of a registered follower.
const (
	// FollowerRequired holds the log back until it has committed.
	FollowerRequired = "required"
	// FollowerBestEffort does not hold the log back.
	FollowerBestEffort = "best_effort"
	// FollowerExpired fell behind the hard limit and has to start from a snapshot.
	FollowerExpired = "expired"
)

// Subscriber says who reads a log.
type Subscriber struct {
	// Name is unique among the log's followers: the name of the consuming service.
	Name string
	// Types are those it handles; empty means all.
	Types []string
	// BestEffort says that the log need not wait for it.
	BestEffort bool
}

// Feed is a log as one registered follower reads it.
type Feed struct {
	log  *Log
	who  Subscriber
	kept bool // all its types stay in the log for ever or compacted

	// Guarded by log.mu.
	acked   bailiwick.Position
	written bailiwick.Position
	expired bool
}

// A RegisteredFollower is what a log remembers of a follower, so that it holds
// back what the follower has not committed yet, also while that is not running.
type RegisteredFollower struct {
	Name     string             `json:"name"`
	State    string             `json:"state"`
	Position bailiwick.Position `json:"position"`
	Types    []string           `json:"types,omitempty"`
	Seen     time.Time          `json:"seen"`
}

// Feed registers a follower durably, before it reads anything, and returns what
// it reads from. Registering again under the same name continues where the
// follower was.
func (l *Log) Feed(ctx context.Context, who Subscriber) (*Feed, error) {
	f := &Feed{log: l, who: who, kept: l.db.opts.Retention.keeps(who.Types)}
	state := FollowerRequired
	if who.BestEffort {
		state = FollowerBestEffort
	}
	err := l.db.Do(ctx, func(tx *Tx) error {
		if err := lockFollowers(tx); err != nil {
			return err
		}
		r, ok, err := tx.Get(followerKind, who.Name)
		if err != nil {
			return err
		}
		reg := RegisteredFollower{Name: who.Name, Types: who.Types, Seen: tx.Now().UTC()}
		f.expired = false
		if ok {
			reg = RegisteredFollower{} // what the record does not name was not there
			if err := json.Unmarshal(r.Data, &reg); err != nil {
				return &bailiwick.Error{Code: bailiwick.Internal, Op: "store: register " + who.Name, Err: err}
			}
			f.written = reg.Position
			f.expired = r.State == FollowerExpired
			if f.expired {
				return nil
			}
			if r.State == state && slices.Equal(reg.Types, who.Types) {
				return nil
			}
			reg.Types, reg.Seen = who.Types, tx.Now().UTC()
		}
		return tx.Put(followerRecord(reg, state, r.Version))
	})
	if err != nil {
		return nil, err
	}
	f.acked = f.written
	l.mu.Lock()
	defer l.mu.Unlock()
	l.feeds[who.Name] = f
	return f, nil
}

// lockFollowers has the processes that share a database change what it remembers
// of the log's followers one after another: each reads the records before it
// writes them.
func lockFollowers(tx *Tx) error { return tx.Lock(followerKind) }

func followerRecord(reg RegisteredFollower, state string, version int64) Record {
	reg.State = state
	data, _ := json.Marshal(reg) // cannot fail: plain fields
	return Record{Kind: followerKind, Key: reg.Name, State: state, Version: version, Data: data}
}

// Log returns the name of the log.
func (f *Feed) Log() string { return f.log.name }

// Read returns the messages after a position, at most limit of them, of all
// types. A position that was trimmed is a [GoneError]; one that the log's present
// incarnation does not continue has the code [bailiwick.Forked].
func (f *Feed) Read(ctx context.Context, after bailiwick.Position, limit int) (bailiwick.Batch, error) {
	f.log.mu.Lock()
	expired, low := f.expired, f.log.state.Low
	f.log.mu.Unlock()
	if expired {
		return bailiwick.Batch{}, &GoneError{Low: low, err: bailiwick.Error{Code: bailiwick.Gone,
			Op: "store: read " + f.log.name, Err: errExpired, Do: "start the follower from a snapshot"}}
	}
	return f.log.read(ctx, after, limit, f.kept)
}

// Wait returns nil once there is something after a position.
func (f *Feed) Wait(ctx context.Context, after bailiwick.Position) error {
	return f.log.wait(ctx, after.Seq)
}

// Head returns the last seq that this process knows of; -1 before the first read.
func (f *Feed) Head() int64 {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if !f.log.known {
		return -1
	}
	return f.log.state.Head
}

// Ack tells the log that the follower has committed everything up to p. The log
// writes it down in its own time; forgetting it only keeps messages longer.
func (f *Feed) Ack(p bailiwick.Position) {
	f.log.mu.Lock()
	defer f.log.mu.Unlock()
	if p.Epoch > f.acked.Epoch || p.Epoch == f.acked.Epoch && p.Seq > f.acked.Seq {
		f.acked = p
		f.log.dirty = true
	}
}

// Followers returns the registered followers, by name.
func (l *Log) Followers(ctx context.Context) ([]RegisteredFollower, error) {
	var list []RegisteredFollower
	err := l.db.Read(ctx, func(tx *Tx) error {
		var err error
		list, err = listFollowers(tx)
		return err
	})
	return list, err
}

func listFollowers(tx *Tx) ([]RegisteredFollower, error) {
	records, err := tx.List(Query{Kind: followerKind})
	if err != nil {
		return nil, err
	}
	list := make([]RegisteredFollower, 0, len(records))
	for _, r := range records {
		var reg RegisteredFollower
		if err := json.Unmarshal(r.Data, &reg); err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Internal, Op: "store: read follower " + r.Key, Err: err}
		}
		reg.State = r.State
		list = append(list, reg)
	}
	slices.SortFunc(list, func(a, b RegisteredFollower) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}
