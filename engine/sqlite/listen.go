package sqlite

import (
	"context"
	"fmt"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// listener finds the messages that others than this package's writer append: the
// connections of a service whose guest the log is. They are in the log, with their
// seq, as soon as they are committed; what is left to do is to notice.
type listener struct {
	open func(context.Context) (*conn, error)

	mu      sync.Mutex
	conn    *conn
	closed  bool
	epoch   int64
	log     string
	version int64 // the database's, when the log had been read to its end
	last    int64 // the seq of the last message that was returned
	term    int64
}

// stamp returns the next messages of the log. SQLite's data_version tells, without
// touching the disk, whether another connection has committed anything.
func (l *listener) stamp(ctx context.Context, term int64, limit int) ([]bailiwick.Message, error) {
	const op = "sqlite: stamp"
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, closed(op)
	}
	if term < l.term && !proof.Off(proof.Fencing) {
		return nil, &bailiwick.Error{Code: bailiwick.Stale, Op: op, Err: fmt.Errorf("term %d was overtaken by %d", term, l.term),
			Do: "stop, and take the lease anew"}
	}
	l.term = term
	msgs, err := l.next(ctx, limit)
	if err != nil {
		l.discard() // a statement that was interrupted may leave it in any state
	}
	return msgs, failure(op, err)
}

func (l *listener) next(ctx context.Context, limit int) ([]bailiwick.Message, error) {
	if l.conn == nil {
		c, err := l.open(ctx)
		if err != nil {
			return nil, err
		}
		l.conn, l.version = c, 0
	}
	var version int64
	if err := l.conn.queryRow(ctx, "PRAGMA data_version").Scan(&version); err != nil {
		return nil, err
	}
	if version == l.version {
		return nil, nil
	}
	msgs, err := readLog(ctx, l.conn, l.epoch, l.last, limit)
	if err != nil {
		return nil, err
	}
	for i := range msgs {
		msgs[i].Log = l.log
	}
	if len(msgs) > 0 {
		l.last = msgs[len(msgs)-1].Seq
	}
	if len(msgs) < limit {
		l.version = version
	}
	return msgs, nil
}

func (l *listener) discard() {
	if l.conn != nil {
		_ = l.conn.close() // it only read
		l.conn = nil
	}
}

func (l *listener) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.discard()
}
