package sqlite

import (
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
	sqlite3 "modernc.org/sqlite/lib"
)

// begin opens a transaction, on a new connection if the last one was given up.
func (w *writer) begin() error {
	if w.conn == nil {
		if err := w.reopen(); err != nil {
			return unavailable("sqlite: transaction", err)
		}
	}
	w.appended = nil
	if _, err := w.conn.exec(bare, "BEGIN IMMEDIATE"); err != nil {
		w.discard()
		return failure("sqlite: transaction", err)
	}
	w.gone = false
	return nil
}

// rollback ends the transaction, if there is still one.
func (w *writer) rollback() {
	w.appended = nil
	// Without a transaction it fails, which says what was wanted.
	_, _ = w.conn.exec(bare, "ROLLBACK")
}

var (
	// errConstraint is a COMMIT that a deferred constraint refused.
	errConstraint = errors.New("a deferred constraint is violated")
	// errMessages is a log that did not take what was appended.
	errMessages = errors.New("the messages cannot be written")
)

// blames says whether an error of commit is the doing of one member: each has to
// run alone to find out whose.
func blames(err error) bool {
	return errors.Is(err, errConstraint) || errors.Is(err, errMessages)
}

// commit writes the messages, makes the transaction durable and tells who follows
// the log. On an error the transaction is gone; whether it was committed all the
// same is in its code.
func (w *writer) commit(members int64) error {
	if err := w.write(); err != nil {
		w.rollback()
		return failure("sqlite: append", errors.Join(errMessages, err))
	}
	w.number++
	if _, err := w.conn.exec(bare, "UPDATE bailiwick_commit SET number = ?", w.number); err != nil {
		w.rollback()
		return failure("sqlite: commit", err)
	}
	w.committing = true
	proof.At(proof.BeforeCommit)
	_, err := w.conn.exec(bare, "COMMIT")
	w.committing = false
	if resultCode(err) == sqlite3.SQLITE_CONSTRAINT {
		w.rollback()
		return &bailiwick.Error{Code: bailiwick.Invalid, Op: "sqlite: commit", Err: errors.Join(errConstraint, err),
			Do: "leave no row that a deferred foreign key misses"}
	}
	if err != nil {
		if err = w.look(err); err != nil {
			return err
		}
	}
	proof.At(proof.AfterCommit)
	w.stats.commits.Add(1)
	w.stats.members.Add(members)
	w.stats.syncs.Add(w.syncs)
	w.announce(w.appended)
	w.appended = nil
	w.wrote()
	return nil
}

// announce tells what was appended and committed.
func (w *writer) announce(msgs []bailiwick.Message) {
	if len(msgs) == 0 {
		return
	}
	w.logged = msgs[len(msgs)-1].Seq
	switch {
	case w.tell == nil:
	case w.db.listener != nil:
		w.tell(nil) // others append too; the listener tells of all in their order
	default:
		w.tell(msgs)
	}
}
