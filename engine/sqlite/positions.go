package sqlite

import (
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
	"github.com/bailiwick/bailiwick/store/guest"
)

const positionColumns = "SELECT follower, lane, lanes, epoch, seq, id, term FROM bailiwick_positions"

// Position returns where a follower's lane stands.
func (t *tx) Position(follower string, lane int) (p driver.Position, ok bool, err error) {
	list, err := t.positions(positionColumns+" WHERE follower = ? AND lane = ?", follower, lane)
	if err != nil || len(list) == 0 {
		return driver.Position{}, false, err
	}
	return list[0], true, nil
}

// Positions returns where all followers in this database stand.
func (t *tx) Positions() ([]driver.Position, error) {
	return t.positions(positionColumns + " ORDER BY follower, lane")
}

func (t *tx) positions(query string, args ...any) ([]driver.Position, error) {
	const op = "sqlite: read positions"
	if t.db.noInbox {
		return nil, nil
	}
	rows, err := t.query(query, args...)
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
		if p.ID, err = parseID(id); err != nil {
			return nil, failure(op, err)
		}
		list = append(list, p)
	}
	return list, failure(op, rows.Err())
}

var errMoved = errors.New("the position was moved by somebody else")

// Move sets a position by compare-and-set.
func (t *tx) Move(from bailiwick.Position, to driver.Position) error {
	op := "sqlite: move " + to.Follower
	if t.writer == nil {
		return readOnly(op)
	}
	if t.db.noInbox {
		return guest.Without(op, "sqlite", guest.Inbox)
	}
	var moved bool
	var err error
	if from == (bailiwick.Position{}) {
		moved, err = t.changed(`INSERT INTO bailiwick_positions (follower, lane, lanes, epoch, seq, id, term)
			VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			to.Follower, to.Lane, to.Lanes, to.Epoch, to.Seq, idText(to.ID), to.Term)
	} else {
		moved, err = t.changed(`UPDATE bailiwick_positions SET lanes = ?, epoch = ?, seq = ?, id = ?, term = ?
			WHERE follower = ? AND lane = ? AND epoch = ? AND seq = ? AND term <= ?`,
			to.Lanes, to.Epoch, to.Seq, idText(to.ID), to.Term, to.Follower, to.Lane, from.Epoch, from.Seq, to.Term)
	}
	if err != nil {
		return failure(op, err)
	}
	if !moved {
		return &bailiwick.Error{Code: bailiwick.Stale, Op: op, Err: errMoved, Do: "read the position again and start anew from there"}
	}
	return nil
}
