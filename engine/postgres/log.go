package postgres

import (
	"context"
	"encoding/json"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

func (d *db) log() string { return store.LogName(d.opts.Owner) }

// ReadLog returns stamped messages after a seq.
func (d *db) ReadLog(ctx context.Context, after int64, limit int) ([]bailiwick.Message, error) {
	const op = "postgres: read log"
	if err := d.enter(op); err != nil {
		return nil, err
	}
	defer d.leave()
	if d.noLog {
		return nil, nil
	}
	rows, err := d.pool.QueryContext(ctx, d.q(`SELECT `+columns+` FROM bailiwick_log WHERE seq > $1 ORDER BY seq LIMIT $2`), after, int64(limit))
	if err != nil {
		return nil, failure(op, err)
	}
	defer rows.Close()
	var msgs []bailiwick.Message
	for rows.Next() {
		m, err := scan(rows, d.log())
		if err != nil {
			return nil, failure(op, err)
		}
		msgs = append(msgs, m)
	}
	return msgs, failure(op, rows.Err())
}

// stagedShown bounds how many waiting messages are counted: somebody who asks how
// things stand must not make them worse.
const stagedShown = 100_000

// LogState returns the log's incarnation and bounds. Staged counts up to 100,000.
func (d *db) LogState(ctx context.Context) (driver.LogState, error) {
	const op = "postgres: log state"
	if err := d.enter(op); err != nil {
		return driver.LogState{}, err
	}
	defer d.leave()
	state := driver.LogState{Name: d.log()}
	if d.noLog {
		state.Epoch, state.History = 1, []bailiwick.Fork{{Epoch: 1}}
		return state, nil
	}
	var history string
	err := d.pool.QueryRowContext(ctx, d.q(`WITH s AS MATERIALIZED (
			SELECT head, seen, goal, last FROM bailiwick_steps ORDER BY step DESC LIMIT 1
		), later AS (
			SELECT g.id, g.xid FROM bailiwick_staging g WHERE g.xid >= (SELECT pg_snapshot_xmax(seen) FROM s) ORDER BY g.xid, g.id LIMIT $1
		), open AS (
			SELECT g.id, g.xid FROM bailiwick_staging g WHERE g.xid = ANY (ARRAY(SELECT pg_snapshot_xip(seen) FROM s)) LIMIT $1
		)
		SELECT s.head, l.low, (SELECT count(*) FROM (SELECT * FROM later UNION ALL SELECT * FROM open) AS g
				WHERE s.goal IS NULL OR g.id > s.last OR NOT pg_visible_in_snapshot(g.xid, s.goal)),
			(SELECT json_agg(json_build_object('epoch', epoch, 'seq', seq) ORDER BY epoch) FROM bailiwick_log_history)::text
		FROM s, bailiwick_log_state l`), int64(stagedShown)).Scan(&state.Head, &state.Low, &state.Staged, &history)
	if err != nil {
		return state, failure(op, err)
	}
	if err := json.Unmarshal([]byte(history), &state.History); err != nil {
		return state, failure(op, err)
	}
	state.Epoch = state.History[len(state.History)-1].Epoch
	return state, nil
}
