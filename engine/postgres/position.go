package postgres

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
)

const positionColumns = `follower, lane, lanes, epoch, seq, coalesce(id::text, ''), term`

// Position returns where a lane stands.
func (t *tx) Position(follower string, lane int) (p driver.Position, ok bool, err error) {
	list, err := t.positions(`SELECT `+positionColumns+` FROM bailiwick_positions WHERE follower = $1 AND lane = $2`, follower, lane)
	if err != nil || len(list) == 0 {
		return driver.Position{}, false, err
	}
	return list[0], true, nil
}

// Positions returns where all lanes stand.
func (t *tx) Positions() ([]driver.Position, error) {
	return t.positions(`SELECT ` + positionColumns + ` FROM bailiwick_positions ORDER BY follower, lane`)
}

func (t *tx) positions(text string, args ...any) ([]driver.Position, error) {
	const op = "postgres: read positions"
	if t.db.noInbox {
		return nil, nil
	}
	rows, err := t.query(text, args...)
	if err != nil {
		return nil, failure(op, err)
	}
	defer rows.Close()
	var list []driver.Position
	for rows.Next() {
		var p driver.Position
		var id string
		if err := rows.Scan(&p.Follower, &p.Lane, &p.Lanes, &p.Epoch, &p.Seq, &id, &p.Term); err != nil {
			return nil, failure(op, err)
		}
		if err := p.ID.UnmarshalText([]byte(id)); err != nil {
			return nil, failure(op, err)
		}
		list = append(list, p)
	}
	return list, failure(op, t.note(rows.Err()))
}

// Move compares and sets a lane's position.
func (t *tx) Move(from bailiwick.Position, to driver.Position) error {
	op := fmt.Sprintf("postgres: move %s lane %d", to.Follower, to.Lane)
	if t.db.noInbox {
		return guest.Without(op, "postgres", guest.Inbox)
	}
	args := []any{to.Follower, to.Lane, to.Lanes, to.Epoch, to.Seq, uuid(to.ID), to.Term}
	var err error
	if from == (bailiwick.Position{}) {
		err = t.queryRow(`INSERT INTO bailiwick_positions (follower, lane, lanes, epoch, seq, id, term)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING pg_current_xact_id()::text`, args, &t.xid)
	} else {
		err = t.queryRow(`UPDATE bailiwick_positions SET lanes = $3, epoch = $4, seq = $5, id = $6, term = $7
			WHERE follower = $1 AND lane = $2 AND epoch = $8 AND seq = $9 AND term <= $7 RETURNING pg_current_xact_id()::text`,
			append(args, from.Epoch, from.Seq), &t.xid)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return &bailiwick.Error{Code: bailiwick.Stale, Op: op, Err: fmt.Errorf("it does not stand at %s under a term up to %d", from, to.Term),
			Do: "stop; somebody else moved it"}
	}
	return failure(op, err)
}
