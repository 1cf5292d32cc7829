package postgres

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/bailiwick/bailiwick/store/driver"
)

// Trim looks at up to rule.Limit messages that no earlier call looked at under
// the same rule, and deletes those that retention does not hold. Of a compacted
// type it remembers the latest of each key, and deletes that when it meets a
// later one.
func (d *db) Trim(ctx context.Context, rule driver.Trim) (more bool, err error) {
	const op = "postgres: trim"
	if d.noLog {
		return false, nil
	}
	text, err := json.Marshal([2][]string{list(rule.Forever), list(rule.Compact)})
	if err != nil {
		return false, failure(op, err)
	}
	err = d.do(ctx, op, func(t *tx) error {
		more = false
		if _, err := t.exec(`SET LOCAL enable_seqscan = off; SET LOCAL jit = off`); err != nil {
			return failure(op, err)
		}
		var trimmed, upTo int64
		var was string
		err := t.queryRow(`SELECT trimmed, rule, least($1, (SELECT head FROM bailiwick_steps ORDER BY step DESC LIMIT 1))
			FROM bailiwick_log_state FOR UPDATE`, []any{rule.UpTo}, &trimmed, &was, &upTo)
		if err != nil {
			return failure(op, err)
		}
		if was != string(text) {
			// Under another rule what was kept may go, and what was compacted may
			// not be: look at everything again.
			trimmed = 0
			if _, err := t.exec(`DELETE FROM bailiwick_latest`); err != nil {
				return failure(op, err)
			}
		}
		if trimmed >= upTo && was == string(text) {
			return nil
		}
		end, gone, n, err := t.trim(rule, trimmed, upTo)
		if err != nil {
			return failure(op, err)
		}
		if more = n == rule.Limit; !more {
			end = max(upTo, trimmed)
		}
		_, err = t.exec(`UPDATE bailiwick_log_state SET trimmed = $1, rule = $2, low = greatest(low, $3)`, end, string(text), gone)
		return failure(op, err)
	})
	return more, err
}

// trim looks at one part of the log and returns the last seq of it, the greatest
// that it deleted, and how many messages it looked at. All parts of the statement
// see the table of latest messages as it was before.
func (t *tx) trim(rule driver.Trim, after, upTo int64) (end, gone int64, n int, err error) {
	err = t.queryRow(`WITH part AS MATERIALIZED (
			SELECT seq, type, key FROM bailiwick_log WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3
		), latest AS MATERIALIZED (
			SELECT type, key, max(seq) AS seq FROM part WHERE type = ANY ($5::text[]) AND type <> ALL ($4::text[]) GROUP BY type, key
		), superseded AS (
			DELETE FROM bailiwick_log WHERE seq IN (
				SELECT before.seq FROM bailiwick_latest before JOIN latest USING (type, key) WHERE before.seq < latest.seq)
			RETURNING seq
		), passed AS (
			DELETE FROM bailiwick_log WHERE seq IN (
				SELECT seq FROM part WHERE type <> ALL ($4::text[]) AND seq NOT IN (SELECT seq FROM latest))
			RETURNING seq
		), remembered AS (
			INSERT INTO bailiwick_latest SELECT type, key, seq FROM latest
			ON CONFLICT (type, key) DO UPDATE SET seq = excluded.seq
		)
		SELECT coalesce((SELECT max(seq) FROM part), $1), (SELECT count(*) FROM part),
			coalesce(greatest((SELECT max(seq) FROM superseded), (SELECT max(seq) FROM passed)), 0)`,
		[]any{after, upTo, int64(rule.Limit), list(rule.Forever), list(rule.Compact)}, &end, &n, &gone)
	return end, gone, n, err
}

// list is sorted, and never NULL: nothing is unequal to all of NULL.
func list(types []string) []string {
	sorted := append([]string{}, types...)
	slices.Sort(sorted)
	return sorted
}
