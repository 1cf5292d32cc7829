package store

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Retention says how long messages stay in the log. The zero value keeps each
// until every required follower has committed it.
type Retention struct {
	// Forever lists types that are never trimmed: a follower that handles only
	// such types may begin at any time.
	Forever []string
	// Compact lists types of which the latest message of each key is kept.
	Compact []string
	// SoftLimit is by how many messages a required follower may lag before the
	// log complains; 0 means one million.
	SoftLimit int64
	// HardLimit is by how many messages a required follower may lag before it is
	// expired for good, so that a follower that is gone does not fill the disk;
	// 0 means never.
	HardLimit int64
	// Every is how often positions are written down and the log is trimmed; 0
	// means once a second.
	Every time.Duration
}

func (r Retention) keeps(types []string) bool {
	if len(types) == 0 {
		return false
	}
	for _, t := range types {
		if !slices.Contains(r.Forever, t) && !slices.Contains(r.Compact, t) {
			return false
		}
	}
	return true
}

func (r Retention) every() time.Duration {
	if r.Every > 0 {
		return r.Every
	}
	return time.Second
}

func (r Retention) softLimit() int64 {
	if r.SoftLimit > 0 {
		return r.SoftLimit
	}
	return 1_000_000
}

// trimBatch bounds how many messages one transaction deletes: writers wait for it.
const trimBatch = 2000

// Trim writes down how far followers have come and deletes what retention no
// longer holds. Run does it regularly.
func (l *Log) Trim(ctx context.Context) error {
	upTo, err := l.writePositions(ctx)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.ring.forget(upTo)
	l.mu.Unlock()
	r := l.db.opts.Retention
	for more := upTo > 0; more; {
		more, err = l.db.drv.Trim(ctx, driver.Trim{UpTo: upTo, Forever: r.Forever, Compact: r.Compact, Limit: trimBatch})
		if err != nil {
			return err
		}
	}
	_, err = l.State(ctx)
	return err
}

// writePositions stores the acknowledged positions of this process's followers,
// expires those beyond the hard limit, and returns the seq that all required ones
// have committed; 0 if there are none, because a log that nobody follows yet is
// kept for whoever comes first.
func (l *Log) writePositions(ctx context.Context) (upTo int64, err error) {
	l.mu.Lock()
	acked := map[string]bailiwick.Position{}
	for name, f := range l.feeds {
		if f.acked != f.written {
			acked[name] = f.acked
		}
	}
	l.dirty = false
	head := l.state.Head
	l.mu.Unlock()

	r := l.db.opts.Retention
	var expired []string
	err = l.db.Do(ctx, func(tx *Tx) error {
		if err := lockFollowers(tx); err != nil {
			return err
		}
		records, err := tx.List(Query{Kind: followerKind})
		if err != nil {
			return err
		}
		expired, upTo = nil, -1
		for _, rec := range records {
			var reg RegisteredFollower
			if err := json.Unmarshal(rec.Data, &reg); err != nil {
				return &bailiwick.Error{Code: bailiwick.Internal, Op: "store: read follower " + rec.Key, Err: err}
			}
			state, changed := rec.State, false
			if p, ok := acked[rec.Key]; ok && p.Seq > reg.Position.Seq {
				reg.Position, reg.Seen, changed = p, tx.Now().UTC(), true
			}
			lag := head - reg.Position.Seq
			if state == FollowerRequired && r.HardLimit > 0 && lag > r.HardLimit {
				state, changed = FollowerExpired, true
				expired = append(expired, rec.Key)
			}
			if changed {
				if err := tx.Put(followerRecord(reg, state, rec.Version)); err != nil {
					return err
				}
			}
			if state == FollowerRequired {
				if lag > r.softLimit() {
					l.db.opts.Logger.Warn("a required follower holds the log back", "log", l.name, "follower", rec.Key, "lag", lag)
				}
				if upTo < 0 || reg.Position.Seq < upTo {
					upTo = reg.Position.Seq
				}
			}
		}
		return nil
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.dirty = true
		return 0, err
	}
	for name, p := range acked {
		l.feeds[name].written = p
	}
	for _, name := range expired {
		l.db.opts.Logger.Error("a follower was expired: it lags beyond the hard limit", "log", l.name, "follower", name)
		if f := l.feeds[name]; f != nil {
			f.expired = true
		}
	}
	return max(upTo, 0), nil
}
