package memory

import (
	"context"
	"errors"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store/driver"
)

// DB is a disk as one owner has it open. It is a [driver.DB].
type DB struct {
	disk     *Disk
	log      string
	onCommit func([]bailiwick.Message)

	// Guarded by disk.mu.
	closed  bool
	running int
	idle    chan struct{} // closed when nothing runs any more, after closed is set

	killed chan struct{} // closed when it is killed
}

// Capabilities tells of the disk's kind.
func (db *DB) Capabilities() driver.Capabilities {
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	return driver.Capabilities{Engine: "memory", Shared: db.disk.options.Shared, Stamps: db.disk.options.Stamps}
}

// OnCommit sets who is told of commits.
func (db *DB) OnCommit(fn func([]bailiwick.Message)) { db.onCommit = fn }

// Stats returns nothing: there are no connections.
func (db *DB) Stats() driver.Stats { return driver.Stats{} }

// Close waits for running transactions and lets go of the disk.
func (db *DB) Close() error {
	db.disk.mu.Lock()
	db.shut()
	db.disk.mu.Unlock()
	<-db.idle
	db.disk.mu.Lock()
	delete(db.disk.open, db)
	db.disk.mu.Unlock()
	return nil
}

// Kill ends the owner as a crash does: what has not committed never will, whatever it
// waits for ends, and the disk may be opened anew at once.
func (db *DB) Kill() {
	d := db.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.open[db] {
		return
	}
	db.shut()
	close(db.killed)
	delete(d.open, db)
	for _, l := range d.locks {
		if l.owner.db == db {
			l.owner.release()
		}
	}
}

// shut lets no more work begin. disk.mu is held.
func (db *DB) shut() {
	if db.closed {
		return
	}
	db.closed = true
	if db.running == 0 {
		close(db.idle)
	}
}

var (
	errClosed = errors.New("the database was closed")
	errKilled = errors.New("its owner was killed")
)

// enter begins a piece of work that Close waits for.
func (db *DB) enter(ctx context.Context) error {
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	if db.closed {
		return &bailiwick.Error{Code: bailiwick.Closed, Op: "memory", Err: errClosed}
	}
	if err := ctx.Err(); err != nil {
		return &bailiwick.Error{Code: bailiwick.Unavailable, Op: "memory", Err: err}
	}
	db.running++
	return nil
}

func (db *DB) leave() {
	db.disk.mu.Lock()
	defer db.disk.mu.Unlock()
	if db.running--; db.running == 0 && db.closed {
		close(db.idle)
	}
}

// alive fails once the owner was killed. d.mu may be held.
func (db *DB) alive() error {
	select {
	case <-db.killed:
		return &bailiwick.Error{Code: bailiwick.Closed, Op: "memory", Err: errKilled}
	default:
		return nil
	}
}

// hold comes to a moment and says what becomes of it.
func (db *DB) hold(ctx context.Context, op, what string) Fate {
	var fate Fate
	if db.disk.options.Hold != nil {
		fate = db.disk.options.Hold(ctx, db, Moment{op, what})
	}
	if err := db.alive(); err != nil {
		return Fate{Before: err}
	}
	return fate
}
