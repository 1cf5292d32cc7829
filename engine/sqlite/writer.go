package sqlite

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/internal/proof"
)

// bare is the context of every statement on the writing connection.
var bare = context.Background()

// writer is the one goroutine that writes, with its connection.
type writer struct {
	queue  *queue
	open   func(hooks) (*conn, error) // opens the connection anew
	conn   *conn                      // nil after a failure, until it was opened anew
	wrote  func()                     // told after each commit
	tell   func([]bailiwick.Message)  // told what a commit appended; may be nil
	db     *DB
	epoch  int64
	logged int64 // seq of the last message that tell was given
	number int64 // of the last commit that was tried
	syncs  int64 // per commit: 1, or 0 where commits do not sync

	inserts map[int]string // statements that append messages, by how many

	// The present transaction.
	appended   []bailiwick.Message
	committing bool // the COMMIT that runs is ours
	gone       bool // the transaction was rolled back, by whomever
	group      []*request
	again      []*request // left over from a group whose goroutine ended
	running    *request   // whose closure is running

	stats   struct{ commits, members, syncs atomic.Int64 }
	stopped chan struct{}
}

// hooks watch the connection: a closure that commits by itself is turned back,
// and every rollback is noticed.
func (w *writer) hooks() hooks { return hooks{commit: w.mayCommit, rollback: w.rolledBack} }

func (w *writer) mayCommit() int32 {
	if w.committing || proof.Off(proof.Autocommit) {
		return 0
	}
	return 1
}

func (w *writer) rolledBack() { w.gone = !proof.Off(proof.Autocommit) }

// do runs fn in a transaction and returns once its outcome is durable.
func (w *writer) do(ctx context.Context, op string, fn func(*tx) error) error {
	if ctx.Err() != nil {
		return cancelled(op, ctx)
	}
	r := &request{ctx: ctx, fn: fn, done: make(chan struct{})}
	if !w.queue.put(r) {
		return closed(op)
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.withdraw() {
			return cancelled(op, ctx)
		}
		<-r.done
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	if r.exited {
		runtime.Goexit()
	}
	return r.err
}

// run serves the queue until it is closed and empty.
func (w *writer) run() {
	finished := false
	defer func() {
		if finished {
			close(w.stopped)
			return
		}
		// A closure ended this goroutine (a test's FailNow does that). Its caller
		// ends the same way; the others go on.
		w.abandon()
		go w.run()
	}()
	for len(w.again) > 0 {
		r := w.again[0]
		w.again = w.again[1:]
		w.alone(r)
	}
	var room []*request
	for {
		// Whoever was told the outcome of the last group gets its chance to come
		// back first: on one core no groups would form otherwise.
		runtime.Gosched()
		group, open := w.queue.take(room[:0])
		if len(group) == 0 {
			if !open {
				finished = true
				return
			}
			<-w.queue.wake
			continue
		}
		w.serve(group)
		clear(group)
		room = group
	}
}

// serve runs a group together or, where that falls apart, one at a time.
func (w *writer) serve(group []*request) {
	w.group = group
	if len(group) == 1 || !w.together(group) {
		for _, r := range group {
			w.alone(r)
		}
	}
	w.group = nil
}

// abandon ends the transaction whose closure left by runtime.Goexit, and leaves the
// rest of its group to whoever runs next.
func (w *writer) abandon() {
	culprit := w.running
	w.running = nil
	w.rollback()
	for _, r := range w.group {
		if r != culprit && !isDone(r) {
			w.again = append(w.again, r)
		}
	}
	w.group = nil
	culprit.exited = true
	close(culprit.done)
}

func isDone(r *request) bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// together runs the members of a group under a savepoint each and commits once.
// It returns false, with nothing done and nobody told, if the transaction was
// lost: then each has to run alone.
func (w *writer) together(group []*request) bool {
	if err := w.begin(); err != nil {
		for _, r := range group {
			r.finish(err)
		}
		return true
	}
	succeeded := int64(0)
	for _, r := range group {
		if !r.start() {
			r.err = cancelled("sqlite: transaction", r.ctx)
			continue
		}
		mark := len(w.appended)
		if !w.exec("SAVEPOINT member") {
			return false
		}
		r.err = w.call(r)
		if w.gone {
			w.rollback()
			return false
		}
		if r.err != nil || r.panicked != nil {
			w.appended = w.appended[:mark]
			if !w.exec("ROLLBACK TO member") {
				return false
			}
		} else {
			succeeded++
		}
		if !w.exec("RELEASE member") {
			return false
		}
	}
	if succeeded == 0 {
		w.rollback()
	} else if err := w.commit(succeeded); blames(err) {
		return false
	} else if err != nil {
		for _, r := range group {
			r.err, r.panicked = err, nil
		}
	}
	// Only now does any outcome leave, refusals included: they may rest on what
	// others of the group did.
	for _, r := range group {
		close(r.done)
	}
	return true
}

// exec runs a statement of the group's own; where it fails the group is lost.
func (w *writer) exec(query string) bool {
	if _, err := w.conn.exec(bare, query); err != nil && !proof.Off(proof.Autocommit) {
		w.rollback()
		return false
	}
	return true
}

// alone runs one closure in a transaction of its own.
func (w *writer) alone(r *request) {
	r.panicked = nil
	if !r.start() {
		r.finish(cancelled("sqlite: transaction", r.ctx))
		return
	}
	if err := w.begin(); err != nil {
		r.finish(err)
		return
	}
	err := w.call(r)
	switch {
	case w.gone:
		err = torn(err)
		w.rollback()
	case err != nil, r.panicked != nil:
		w.rollback()
	default:
		err = w.commit(1)
	}
	r.finish(err)
}

// finish tells the caller. The outcome is durable.
func (r *request) finish(err error) {
	r.err = err
	close(r.done)
}

var errEnded = errors.New("the closure ended the transaction by itself")

// torn is the error of a closure whose transaction is gone, by its own doing or
// because SQLite gave it up.
func torn(err error) error {
	if infrastructure(resultCode(err)) {
		return failure("sqlite: transaction", err)
	}
	if err == nil {
		err = errEnded
	}
	return &bailiwick.Error{Code: bailiwick.Invalid, Op: "sqlite: transaction", Err: err,
		Do: "use no BEGIN, COMMIT, ROLLBACK or OR ROLLBACK inside a transaction: return an error to undo it"}
}

// call runs the closure of a request.
func (w *writer) call(r *request) (err error) {
	w.running = r
	t := &tx{writer: w, db: w.db, statements: statements{conn: w.conn, ctx: bare, gone: &w.gone}}
	returned := false
	defer func() {
		t.end()
		if !returned {
			if r.panicked = recover(); r.panicked == nil {
				return // runtime.Goexit: run's deferred function sees to it
			}
		}
		w.running = nil
	}()
	if err = outcome(r.fn(t)); err == nil {
		err = t.claim()
	}
	returned = true
	return err
}
