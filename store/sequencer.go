package store

import (
	"context"
	"time"

	"github.com/bailiwick/bailiwick"
)

const (
	sequencerLease = "sequencer"
	sequencerTTL   = 10 * time.Second
	// sequencerAsk is how often a process asks for the lease that another has.
	sequencerAsk = 500 * time.Millisecond
	stampBatch   = 2000
	// A sequencer that has nothing to do looks again after pollMin, then ever more
	// rarely until pollMax: transactions of other processes do not nudge it.
	pollMin = 5 * time.Millisecond
	pollMax = 50 * time.Millisecond
)

// run does the log's background work until ctx ends, and writes the followers'
// positions down once more before it returns.
func (l *Log) run(ctx context.Context) error {
	if _, err := l.State(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	done := make(chan struct{})
	if l.db.Capabilities().Stamps {
		go func() {
			defer close(done)
			l.sequence(ctx)
		}()
	} else {
		close(done)
	}
	for {
		select {
		case <-l.db.opts.Clock.After(l.db.opts.Retention.every()):
		case <-ctx.Done():
			<-done
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			_, err := l.writePositions(last)
			return err
		}
		l.mu.Lock()
		dirty := l.dirty
		l.mu.Unlock()
		if !dirty {
			continue
		}
		if err := l.Trim(ctx); err != nil && ctx.Err() == nil {
			l.db.opts.Logger.Error("trimming the log failed, it is tried again", "log", l.name, "err", err)
		}
	}
}

// sequence stamps while this process holds the lease, and otherwise reads what the
// holder stamps.
func (l *Log) sequence(ctx context.Context) {
	holder := l.db.ids.New().String()
	var term int64
	var renew time.Time
	// What an earlier holder stamped, or a Stamp whose outcome was lost, is in the
	// table and was not announced here: read it before stamping on.
	behind := true
	idle := pollMin
	for ctx.Err() == nil {
		now := l.db.opts.Clock.Now()
		if wait := renew.Sub(now); wait <= 0 || wait > sequencerTTL/3 { // a clock may jump back
			lease, err := l.db.drv.Lease(ctx, sequencerLease, holder, sequencerTTL)
			switch {
			case err != nil:
				l.trouble(ctx, "taking the sequencer's lease failed", err)
				term, behind = 0, true
			case lease.Held:
				behind = behind || lease.Term != term
				term = lease.Term
				renew = now.Add(sequencerTTL / 3)
			default:
				term, behind = 0, true
				renew = now.Add(sequencerAsk)
			}
		}
		begun := time.Now() // the machine's clock: it measures work
		n, err := l.step(ctx, term, behind)
		if err == nil && n == 0 && behind && term > 0 {
			behind = false
			continue
		}
		if err != nil {
			behind = true
			if bailiwick.CodeOf(err) == bailiwick.Stale {
				term, renew = 0, time.Time{}
			} else {
				l.trouble(ctx, "reading new messages failed", err)
			}
		}
		if n == stampBatch {
			continue // there is more
		}
		if n > 0 {
			// Whoever commits here nudges at once. What others commit gathers for a
			// moment, so that a step, which is a commit too, is not made for each, and
			// steps leave most of a busy machine to those whose messages they carry.
			idle = min(max(pollMin, 4*time.Since(begun)), pollMax)
		}
		select {
		case <-l.nudge:
			idle = pollMin
		case <-l.db.opts.Clock.After(idle):
			idle = min(idle*2, pollMax)
		case <-ctx.Done():
		}
	}
	if term > 0 {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		// Best effort: a lease that is not released runs out.
		_, _ = l.db.drv.Lease(last, sequencerLease, holder, 0)
	}
}

// step makes newly committed messages known: by stamping them under a lease, else
// by reading what was stamped by others.
func (l *Log) step(ctx context.Context, term int64, behind bool) (int, error) {
	var msgs []bailiwick.Message
	var err error
	if term > 0 && !behind {
		msgs, err = l.db.drv.Stamp(ctx, term, stampBatch)
	} else {
		l.mu.Lock()
		head := l.state.Head
		l.mu.Unlock()
		msgs, err = l.db.drv.ReadLog(ctx, head, stampBatch)
	}
	if err != nil || len(msgs) == 0 {
		return 0, err
	}
	l.committed(msgs)
	return len(msgs), nil
}

// trouble tells of a failure and waits a little, so that a database that is down
// is not asked a thousand times a second.
func (l *Log) trouble(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	l.db.opts.Logger.Error(what+", it is tried again", "log", l.name, "err", err)
	select {
	case <-l.db.opts.Clock.After(time.Second):
	case <-ctx.Done():
	}
}
