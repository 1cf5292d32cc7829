package sqlite

import (
	"context"
	"sync"
	"sync/atomic"

	"modernc.org/sqlite"

	"github.com/bailiwick/bailiwick/internal/proof"
)

const (
	// checkpointPages is from how many pages in the write-ahead log on they are
	// copied into the database file: 16 MB.
	checkpointPages = 4096
	// checkpointCap is after how many pages the writer itself copies what is left,
	// between two groups, so that the log begins anew: under steady load nobody else
	// would ever find it at rest.
	checkpointCap = 4 * checkpointPages
)

// checkpointer copies the write-ahead log into the database file, on a connection
// of its own and in the background, so that the writer does not stand still for it.
type checkpointer struct {
	open  func(context.Context) (*conn, error)
	syncs *atomic.Int64
	sync  bool // checkpoints sync

	wake    chan struct{}
	stop    chan struct{}
	stopped chan struct{}

	mu sync.Mutex // one at a time: SQLite would turn the second away
}

func newCheckpointer(open func(context.Context) (*conn, error), syncs *atomic.Int64, sync bool) *checkpointer {
	return &checkpointer{open: open, syncs: syncs, sync: sync,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{})}
}

// nudge has it look at the log.
func (k *checkpointer) nudge() {
	select {
	case k.wake <- struct{}{}:
	default: // it is at work
	}
}

// run works until it is stopped.
func (k *checkpointer) run() {
	defer close(k.stopped)
	var c *conn
	defer func() {
		if c != nil {
			_ = c.close()
		}
	}()
	for {
		select {
		case <-k.wake:
		case <-k.stop:
			return
		}
		if c == nil {
			var err error
			if c, err = k.open(bare); err != nil {
				continue // the log grows until the next nudge; nothing is lost
			}
		}
		// What fails here fails again, and is told, in the next commit.
		_, _ = k.checkpoint(c, "PASSIVE")
	}
}

func (k *checkpointer) end() {
	close(k.stop)
	<-k.stopped
}

// checkpoint copies what it can and reports whether that was all. It counts the
// syncs that took: of the log, of the file, and of the header of a log that begins
// anew.
func (k *checkpointer) checkpoint(c *conn, mode string) (all bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var busy, log, done int64
	if err := c.queryRow(bare, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &log, &done); err != nil {
		return false, err
	}
	proof.At(proof.Checkpoint) // copied, and the log does not begin anew yet
	all = busy == 0 && done == log
	if k.sync && done > 0 {
		k.syncs.Add(2)
		if all {
			k.syncs.Add(1)
		}
	}
	return all, nil
}

// pagesWritten returns how many pages a connection has written since it was last
// asked.
func pagesWritten(c *conn) (n int64) {
	// It fails only where the counter is unknown; then checkpoints wait for Close.
	_ = c.sql.Raw(func(dc any) error {
		written, _, err := dc.(shield).Conn.(sqlite.DBStatus).Status(sqlite.DBStatusCacheWrite, true)
		n = int64(written)
		return err
	})
	return n
}
