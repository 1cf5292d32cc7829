package sqlite

import (
	"github.com/bailiwick/bailiwick"
)

// look finds out what became of a COMMIT that failed: it opens the database anew
// and reads the number of the last commit. nil means that it was committed.
//
// What it read is then made durable by a commit on top: frames of the lost commit
// may stand in the write-ahead log without being part of it, and would come back
// to life after a crash if nothing were written over them.
func (w *writer) look(cause error) error {
	tried := w.number
	w.discard()
	number, err := w.settle()
	switch {
	case err != nil:
		w.discard()
		return &bailiwick.Error{Code: bailiwick.Unknown, Op: "sqlite: commit", Err: cause,
			Do: "mend the disk, then look whether the change is there before trying again"}
	case number < tried:
		return unavailable("sqlite: commit", cause)
	}
	return nil
}

// settle opens the connection and seals what it finds.
func (w *writer) settle() (int64, error) {
	if err := w.connect(); err != nil {
		return 0, err
	}
	return w.seal()
}

// seal returns the number of the last commit that the database holds, and commits
// once more, which syncs the write-ahead log with all that is in it.
func (w *writer) seal() (int64, error) {
	var number int64
	if err := w.conn.queryRow(bare, "SELECT number FROM bailiwick_commit").Scan(&number); err != nil {
		return 0, err
	}
	w.number++
	w.committing = true
	defer func() { w.committing = false }()
	_, err := w.conn.exec(bare, "UPDATE bailiwick_commit SET number = ?", w.number)
	return number, err
}

// reopen takes the writer up again after its connection was given up, and
// announces messages whose commit was unknown and turns out to have happened.
func (w *writer) reopen() error {
	if _, err := w.settle(); err != nil {
		w.discard()
		return err
	}
	if w.db.listener != nil {
		return nil // it finds them
	}
	var missed []bailiwick.Message
	for {
		more, err := readLog(bare, w.conn, w.epoch, w.logged+int64(len(missed)), 1000)
		if err != nil {
			w.discard()
			return err
		}
		missed = append(missed, more...)
		if len(more) < 1000 {
			break
		}
	}
	for i := range missed {
		missed[i].Log = w.db.log
	}
	w.announce(missed)
	return nil
}

// load reads, once the database was opened, where the log and the commits stand.
func (w *writer) load() error {
	if w.db.noLog {
		w.epoch = 1
	} else if err := w.conn.queryRow(bare, `SELECT epoch, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'bailiwick_log'), 0)
		FROM bailiwick_log_state`).Scan(&w.epoch, &w.logged); err != nil {
		return err
	}
	return w.conn.queryRow(bare, "SELECT number FROM bailiwick_commit").Scan(&w.number)
}

func (w *writer) connect() error {
	c, err := w.open(w.hooks())
	if err != nil {
		return err
	}
	w.conn = c
	return nil
}

// discard gives the connection up, with whatever transaction is open on it.
func (w *writer) discard() {
	if w.conn != nil {
		_ = w.conn.close() // it failed before; what it says now helps nobody
		w.conn = nil
	}
}
