package postgres

import (
	"context"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// Rebase begins a new incarnation of the log of a database that was copied or
// restored from a dump, and returns where it forks from the one before. Whoever
// calls it has made sure that the original is no longer used; followers that have
// seen more of the original than the copy holds then halt with
// [bailiwick.Forked].
//
// Messages that were committed but not stamped when the copy was made are kept
// and stamped in the new incarnation. It needs the database alone.
func Rebase(ctx context.Context, url string, opts Options) (fork bailiwick.Fork, err error) {
	const op = "postgres: rebase"
	opts.Exclusive, opts.ReadOnly = true, false
	d, err := open(ctx, url, opts, true)
	if err != nil {
		return fork, err
	}
	defer d.Close()
	err = d.do(ctx, op, func(t *tx) error {
		if _, err := t.exec(`LOCK TABLE bailiwick_staging, bailiwick_steps IN EXCLUSIVE MODE`); err != nil {
			return failure(op, err)
		}
		fork, err = t.rebase()
		proof.At(proof.Rebuilding)
		return failure(op, err)
	})
	return fork, err
}

// rebase gives what is staged the id of this transaction, which lies after the
// new snapshot. What the old one says is still right for rows that came with it:
// both are values in tables, copied at one moment.
func (t *tx) rebase() (fork bailiwick.Fork, err error) {
	var now step
	if err := t.queryRow(newestStep, nil, now.fields()...); err != nil {
		return fork, err
	}
	_, err = t.exec(`DELETE FROM bailiwick_staging WHERE pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
		OR coalesce(pg_visible_in_snapshot(xid, $2::text::pg_snapshot) AND id <= $3, false)`, now.seen, now.goal, now.last)
	if err != nil {
		return fork, err
	}
	if _, err := t.exec(`UPDATE bailiwick_staging SET xid = pg_current_xact_id()`); err != nil {
		return fork, err
	}
	_, err = t.exec(`INSERT INTO bailiwick_steps (step, term, head, seen, goal, last)
		SELECT $1, $2, $3, format('%s:%s:', x, x)::pg_snapshot, NULL, 0 FROM pg_current_xact_id() AS x`, now.number+1, now.term, now.head)
	if err != nil {
		return fork, err
	}
	if _, err := t.exec(`UPDATE bailiwick_log_state SET swept = pg_current_xact_id()`); err != nil {
		return fork, err
	}
	_, err = t.exec(`INSERT INTO bailiwick_log_history (epoch, seq, system, database)
		SELECT $1, $2, i.system, i.database FROM (`+presentIdentity+`) AS i (system, database)`, now.epoch+1, now.head)
	return bailiwick.Fork{Epoch: now.epoch + 1, Seq: now.head}, err
}
