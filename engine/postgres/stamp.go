package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// step is what the sequencer did last; see the table bailiwick_steps.
type step struct {
	number, term, head int64
	seen               string  // a pg_snapshot
	goal               *string // a pg_snapshot; nil unless it is catching up
	last               int64
	epoch              int64
}

const newestStep = `SELECT step, term, head, seen::text, goal::text, last, (SELECT max(epoch) FROM bailiwick_log_history)
	FROM bailiwick_steps ORDER BY step DESC LIMIT 1`

func (s *step) fields() []any {
	return []any{&s.number, &s.term, &s.head, &s.seen, &s.goal, &s.last, &s.epoch}
}

// Stamp gives seqs to the messages that are visible now and were not at the last
// step, in the order of their staging ids. Snapshots of one database only ever
// grow, so no transaction is overtaken and none is waited for.
//
// The term is compared, the log written, its head and the snapshot advanced in
// one transaction, and steps take turns: of two sequencers the stale one finds a
// higher term and fails.
func (d *db) Stamp(ctx context.Context, term int64, limit int) ([]bailiwick.Message, error) {
	const op = "postgres: stamp"
	if d.noLog {
		return nil, nil
	}
	work, err := d.workToStamp(ctx, op, term)
	if err != nil {
		return nil, err
	}
	if d.sweeping.due(work) {
		if err := d.sweep(ctx); err != nil {
			return nil, err
		}
	}
	if !work {
		return nil, nil
	}
	var msgs []bailiwick.Message
	var next step
	err = d.do(ctx, op, func(t *tx) error {
		now, err := t.takeTurn(op, term)
		if err != nil {
			return err
		}
		next = now
		next.number, next.term = now.number+1, term
		if msgs, err = t.emit(now, &next, limit); err != nil {
			return failure(op, err)
		}
		_, err = t.exec(`INSERT INTO bailiwick_steps (step, term, head, seen, goal, last)
			VALUES ($1, $2, $3, $4::text::pg_snapshot, $5::text::pg_snapshot, $6)`,
			next.number, next.term, next.head, next.seen, next.goal, next.last)
		return failure(op, err)
	})
	if err != nil {
		return nil, err
	}
	proof.At(proof.AfterStamp)
	d.sweeping.stamped(len(msgs), next.seen)
	return msgs, nil
}

// workToStamp reports, in one statement that writes nothing, whether a step would
// find messages. A term that was overtaken is noticed here as well. A snapshot
// that lies far behind counts as work: failed transactions left rows after it,
// over which every look would stumble.
func (d *db) workToStamp(ctx context.Context, op string, term int64) (work bool, err error) {
	if err := d.enter(op); err != nil {
		return false, err
	}
	defer d.leave()
	var s step
	err = d.pool.QueryRowContext(ctx, d.q(`WITH s AS MATERIALIZED (`+newestStep+`)
		SELECT s.*, s.goal IS NOT NULL
			OR (SELECT g.id FROM bailiwick_staging g WHERE g.xid >= pg_snapshot_xmax(s.seen::pg_snapshot) ORDER BY g.xid, g.id LIMIT 1) IS NOT NULL
			OR EXISTS (SELECT FROM pg_snapshot_xip(s.seen::pg_snapshot) x
				WHERE (SELECT g.id FROM bailiwick_staging g WHERE g.xid = x ORDER BY g.xid, g.id LIMIT 1) IS NOT NULL)
			OR pg_snapshot_xmax(pg_current_snapshot())::text::bigint - pg_snapshot_xmax(s.seen::pg_snapshot)::text::bigint > $1
		FROM s`), int64(staleSnapshot)).Scan(append(s.fields(), &work)...)
	if err != nil {
		return false, failure(op, err)
	}
	return work, s.fence(op, term)
}

// staleSnapshot is how many transaction ids the snapshot may lie behind while
// there is nothing to stamp.
const staleSnapshot = 10_000

// fence refuses a term that was overtaken.
func (s *step) fence(op string, term int64) error {
	if term >= s.term || proof.Off(proof.Fencing) {
		return nil
	}
	return &bailiwick.Error{Code: bailiwick.Stale, Op: op, Err: fmt.Errorf("term %d was overtaken by %d", term, s.term),
		Do: "stop, and take the lease anew"}
}

// takeTurn waits for a step that is under way and returns the newest one. It is a
// statement before the one that takes the snapshot, so that the snapshot is the
// later. Plans are held to the indexes: the statistics of a table that fills and
// empties all day are never right.
func (t *tx) takeTurn(op string, term int64) (step, error) {
	l := t.db.lockName(useSequencer)
	_, err := t.exec(fmt.Sprintf(`SET LOCAL enable_seqscan = off; SET LOCAL jit = off; SELECT pg_advisory_xact_lock(%d, %d)`, l.use, l.of))
	if err != nil {
		return step{}, failure(op, err)
	}
	var s step
	if err := t.queryRow(newestStep, nil, s.fields()...); err != nil {
		return step{}, failure(op, err)
	}
	return s, s.fence(op, term)
}

// The candidates of a step: the difference of the present snapshot and the last
// one, which holds no rows but those that were added in between or were open then.
const difference = `SELECT * FROM bailiwick_staging WHERE xid >= pg_snapshot_xmax($1::text::pg_snapshot)
	UNION ALL
	SELECT * FROM bailiwick_staging WHERE xid = ANY (ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))`

// The candidates while catching up: a difference that was too large for one step
// is walked by id, and what has become visible since waits for the next.
const restOfDifference = `SELECT * FROM bailiwick_staging WHERE id > $6
	AND pg_visible_in_snapshot(xid, $5::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)`

// emission moves candidates into the log. It asks for one more than it takes, to
// know whether some are left.
const emission = `WITH picked AS MATERIALIZED (
		SELECT * FROM (%s) AS candidates ORDER BY id LIMIT $4 + 1
	), taken AS MATERIALIZED (
		SELECT * FROM picked ORDER BY id LIMIT $4
	), stamped AS (
		INSERT INTO bailiwick_log (seq, epoch, id, key, type, version, time, correlation, causation, trace, data)
		SELECT $2 + row_number() OVER (ORDER BY id), $3, message, key, type, version, time, correlation, causation, trace, data
		FROM taken ORDER BY id
		RETURNING *
	)
	SELECT pg_current_snapshot()::text, (SELECT count(*) FROM picked), (SELECT max(id) FROM taken), coalesce(seq, 0), coalesce(epoch, 0),
		coalesce(id::text, ''), coalesce(key, ''), coalesce(type, ''), coalesce(version, 0), coalesce(time, 'epoch'),
		coalesce(correlation, ''), coalesce(causation::text, ''), coalesce(trace, ''), data
	FROM (SELECT) AS always LEFT JOIN stamped ON true ORDER BY seq`

// The candidates of a sequencer that takes the order of ids for that of commits,
// as many do: it never looks at smaller ids again. Only a proof asks for it.
const afterLast = `SELECT * FROM bailiwick_staging WHERE id > $5 AND $1::text IS NOT NULL`

var (
	emitDifference = fmt.Sprintf(emission, difference)
	emitRest       = fmt.Sprintf(emission, restOfDifference)
)

// emit moves up to limit candidates into the log and fills in what the step has
// reached.
func (t *tx) emit(now step, next *step, limit int) ([]bailiwick.Message, error) {
	text, args := emitDifference, []any{now.seen, now.head, now.epoch, int64(limit)}
	if now.goal != nil {
		text, args = emitRest, append(args, *now.goal, now.last)
	}
	if proof.Off(proof.CommitOrder) {
		text, args, now.goal = fmt.Sprintf(emission, afterLast), append(args[:4], now.last), nil
	}
	rows, err := t.query(text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var snapshot string
	var found int
	var last sql.NullInt64
	var msgs []bailiwick.Message
	for rows.Next() {
		m, err := scan(rows, t.db.log(), &snapshot, &found, &last)
		if err != nil {
			return nil, err
		}
		if m.Seq > 0 {
			msgs = append(msgs, m)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, t.note(err)
	}
	if now.goal != nil {
		snapshot = *now.goal
	}
	next.head = now.head + int64(len(msgs))
	if found > limit {
		next.goal, next.last = &snapshot, last.Int64
	} else {
		next.seen, next.goal, next.last = snapshot, nil, 0
	}
	if proof.Off(proof.CommitOrder) {
		next.last = max(now.last, last.Int64)
	}
	return msgs, nil
}
