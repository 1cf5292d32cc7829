package postgres

import (
	"context"
	"strings"
	"sync"
)

const (
	// sweepBatch is about how many rows one transaction deletes, and how many may
	// gather before that is done at the next quiet moment.
	sweepBatch = 5000
	// sweepHard is how many may gather while there is no quiet moment.
	sweepHard = 10 * sweepBatch
	// sweepQuiet is how often in a row there must be nothing to stamp before a
	// smaller number is deleted.
	sweepQuiet = 20
)

// sweeper decides when messages that have their place in the log leave the
// staging table. It is never urgent: the sequencer does not see them any more.
//
// A row may go when nobody can be about to commit beside it: its transaction id
// lies before all that were open at the last snapshot. So a transaction that
// stays open delays the sweeping, and only that.
type sweeper struct {
	mu    sync.Mutex
	debt  int    // stamped and not swept, about
	quiet int    // how often in a row there was nothing to stamp
	upTo  string // rows of smaller transaction ids may go
	done  string // up to here they went
}

// stamped counts n messages that were stamped up to a snapshot "xmin:xmax:xip".
func (w *sweeper) stamped(n int, snapshot string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.upTo, _, _ = strings.Cut(snapshot, ":")
	w.debt += n
}

// due reports whether to sweep now, with or without work waiting.
func (w *sweeper) due(work bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if work {
		w.quiet = 0
		return w.debt >= sweepHard && w.upTo != w.done
	}
	w.quiet++
	return (w.upTo == "" || w.upTo != w.done) && (w.debt >= sweepBatch || w.debt > 0 && w.quiet%sweepQuiet == 0)
}

// sweep deletes about one batch. The marks of how far it came keep it from
// walking over its own dead rows, which a long transaction may keep in place.
func (d *db) sweep(ctx context.Context) error {
	const op = "postgres: sweep"
	var deleted int64
	var upTo string
	err := d.do(ctx, op, func(t *tx) error {
		if _, err := t.exec(`SET LOCAL synchronous_commit = off; SET LOCAL enable_seqscan = off; SET LOCAL jit = off`); err != nil {
			return failure(op, err)
		}
		err := t.queryRow(`WITH mark AS (
				SELECT swept, stepped FROM bailiwick_log_state FOR UPDATE
			), newest AS (
				SELECT step, pg_snapshot_xmin(seen) AS upto FROM bailiwick_steps ORDER BY step DESC LIMIT 1
			), part AS MATERIALIZED (
				SELECT id, xid FROM bailiwick_staging
				WHERE xid >= (SELECT swept FROM mark) AND xid < (SELECT upto FROM newest) ORDER BY xid, id LIMIT $1
			), gone AS (
				DELETE FROM bailiwick_staging WHERE id IN (SELECT id FROM part)
			), steps AS (
				DELETE FROM bailiwick_steps WHERE step >= (SELECT stepped FROM mark) AND step < (SELECT step FROM newest)
			), marked AS (
				UPDATE bailiwick_log_state SET stepped = (SELECT step FROM newest),
					swept = CASE WHEN (SELECT count(*) FROM part) < $1 THEN (SELECT upto FROM newest)
						ELSE (SELECT xid FROM part ORDER BY xid DESC LIMIT 1) END
				RETURNING swept
			)
			SELECT (SELECT count(*) FROM part), swept::text FROM marked`, []any{int64(sweepBatch)}, &deleted, &upTo)
		return failure(op, err)
	})
	if err != nil {
		return err
	}
	w := &d.sweeping
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = upTo
	w.debt = max(w.debt-int(deleted), 0)
	if w.upTo == "" {
		w.upTo = upTo // nothing was stamped here yet
	}
	if deleted < sweepBatch && w.upTo == w.done {
		w.debt = 0
	}
	return nil
}
