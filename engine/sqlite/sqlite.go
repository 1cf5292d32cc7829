package sqlite

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/guest"
)

// Synchronous says when SQLite waits for the disk.
type Synchronous string

// The levels of durability.
const (
	// Full makes every commit durable before it is told. It is the default.
	Full Synchronous = "FULL"
	// Normal syncs at checkpoints only: a power cut may lose the last commits, and
	// with them messages that others have acted upon. A killed process loses nothing.
	Normal Synchronous = "NORMAL"
	// Off never syncs: a power cut may destroy the file. For tests and experiments.
	Off Synchronous = "OFF"
)

// Options say how a database is opened. Only Owner must be set.
type Options struct {
	// Owner is the name of the service that owns the database.
	Owner string
	// Migrations are the service's own schema.
	Migrations []store.Migration
	// Guest names the parts of this project that a file holds whose tables the
	// service manages itself: "outbox", "inbox", "saga", or several with commas
	// between them. The tables come with the service's own migrations, which
	// "bailiwick schema print" writes; they are compared with what the parts need
	// and never altered. The service's own connections may write meanwhile.
	// Migrations must be empty then. See [Wrap].
	Guest guest.Parts
	// Contract applies [store.Contract] steps too, so that there is no way back to
	// an older program. Without it those at the end wait.
	Contract bool
	// Store tunes what stands above the engine.
	Store store.Options
	// Readers is the most connections that read at once; 0 means 4.
	Readers int
	// Synchronous is when the disk is waited for; empty means Full.
	Synchronous Synchronous

	// ReadOnly opens a database to look at it, also while its owner runs: nothing is
	// written, no lock is taken and nothing migrated. Owner may be empty.
	ReadOnly bool
	// Offline opens a database whose owner does not run, to change it by hand: the
	// lock is taken, nothing is migrated, the file must exist. Owner may be empty.
	Offline bool
}

var errNoOwner = errors.New("no owner is named")

// Open opens the database in the file path, creating and migrating it as needed.
//
// These are refused before a byte is written, by the code: a file that belongs to
// another service ([bailiwick.WrongOwner]), that was migrated by a newer program
// ([bailiwick.SchemaNewer]), one of whose migrations was edited
// ([bailiwick.SchemaChanged]), that a running owner holds ([bailiwick.Locked]), or
// that is no SQLite database ([bailiwick.NotDatabase]).
func Open(ctx context.Context, path string, opts Options) (*store.DB, error) {
	db, opts, err := open(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	return store.New(db, opts.Owner, opts.Store), nil
}

// open is Open without the store on top. It returns the options as they turned out.
func open(ctx context.Context, path string, opts Options) (*DB, Options, error) {
	const op = "sqlite: open"
	if opts.Owner == "" && !opts.ReadOnly && !opts.Offline {
		return nil, opts, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errNoOwner, Do: "set Options.Owner to the service's name"}
	}
	if opts.Store.Clock == nil {
		opts.Store.Clock = bailiwick.SystemClock{}
	}
	if opts.Readers <= 0 {
		opts.Readers = 4
	}
	if opts.Synchronous == "" {
		opts.Synchronous = Full
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, opts, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: err}
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return nil, opts, &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errors.New("there is no directory " + filepath.Dir(path)), Do: "create the directory"}
	}
	if opts.ReadOnly {
		db, owner, err := openReadOnly(ctx, path, opts)
		opts.Owner = owner
		return db, opts, err
	}
	if opts.Guest != "" && !opts.Offline {
		db, err := openGuest(ctx, path, opts)
		return db, opts, err
	}
	if _, _, err := checkHeader(path); err != nil {
		return nil, opts, err // before the lock, which leaves a file
	}
	lock, err := takeLock(ctx, path)
	if err != nil {
		return nil, opts, err
	}
	f, p, owner, err := examine(ctx, path, opts)
	if err != nil {
		return nil, opts, errors.Join(err, lock.release(true))
	}
	opts.Owner = owner
	db, err := openOwned(ctx, path, opts, lock, f, p)
	if err != nil {
		return nil, opts, errors.Join(err, lock.release(true))
	}
	return db, opts, nil
}

var errOlder = errors.New("the database was last run by an older program")

func noDatabase(path string) error {
	return &bailiwick.Error{Code: bailiwick.NotFound, Op: "sqlite: open",
		Err: errors.New(path + " is no database of a service"), Do: "name the file of a service that has run"}
}

// examine says whether a file may be opened, and what has to be done to it.
func examine(ctx context.Context, path string, opts Options) (f found, p plan, owner string, err error) {
	const op = "sqlite: open"
	if f, err = inspect(ctx, path); err != nil {
		return f, p, "", err
	}
	owner = opts.Owner
	if opts.Offline {
		if f.owner == "" {
			return f, p, "", noDatabase(path)
		}
		if owner == "" {
			owner = f.owner
		}
	}
	if err = f.checkOwner(path, owner); err != nil {
		return f, p, "", err
	}
	if f.guest && !opts.Offline {
		return f, p, "", &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errManaged, Do: "open it with Options.Guest"}
	}
	if opts.Offline {
		// Whoever works by hand does not know the service's migrations.
		delete(f.applied, serviceComponent)
		opts.Migrations = nil
	}
	if p, err = newPlan(f, opts.Migrations, opts.Contract); err != nil {
		return f, p, "", err
	}
	if opts.Offline && len(p.library) > 0 {
		err = &bailiwick.Error{Code: bailiwick.Invalid, Op: op, Err: errOlder, Do: "start the service once, so that it migrates the database"}
	}
	return f, p, owner, err
}

// openOwned opens a database that was examined and is locked.
func openOwned(ctx context.Context, path string, opts Options, lock *lock, f found, p plan) (_ *DB, err error) {
	if !f.exists {
		// SQLite would let the umask decide who may read it.
		file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "sqlite: open", Err: err, Do: "look at the directory's permissions"}
		}
	}
	db := newDB(path, opts, lock)
	db.noLog, db.noInbox = f.guest && !f.logs, f.guest && !f.follows
	if f.guest {
		db.listener = &listener{open: db.readers.open, log: db.log}
	}
	defer func() {
		if err == nil {
			return
		}
		db.writer.discard()
		if !f.exists {
			for _, name := range append(strays(path), path) {
				_ = os.Remove(name)
			}
		}
	}()
	left := !logEmpty(path)
	if err := db.writer.connect(); err != nil {
		return nil, failure("sqlite: open", err)
	}
	if err := db.writer.migrate(ctx, p, opts); err != nil {
		return nil, err
	}
	if err := lock.write(LockInfo{Owner: opts.Owner, PID: os.Getpid()}); err != nil {
		return nil, &bailiwick.Error{Code: bailiwick.Unavailable, Op: "sqlite: open", Err: err, Do: "look at the disk"}
	}
	if err := db.writer.load(); err != nil {
		return nil, failure("sqlite: open", err)
	}
	if left {
		// An owner that was killed may have written a commit and not synced it. It can
		// be read, and others act on it, so a power cut must not take it any more.
		if _, err := db.writer.seal(); err != nil {
			return nil, failure("sqlite: open", err)
		}
	}
	if l := db.listener; l != nil {
		l.epoch, l.last = db.writer.epoch, db.writer.logged
	}
	go db.writer.run()
	go db.checkpointer.run()
	return db, nil
}

var errCutOff = errors.New("the first start on this database was cut off, or is not over")

// openReadOnly opens a database to look at it.
func openReadOnly(ctx context.Context, path string, opts Options) (*DB, string, error) {
	const op = "sqlite: open"
	exists, empty, err := checkHeader(path)
	if err != nil {
		return nil, "", err
	}
	if !exists || empty {
		return nil, "", noDatabase(path)
	}
	if interrupted(path) {
		return nil, "", &bailiwick.Error{Code: bailiwick.Unavailable, Op: op, Err: errCutOff, Do: "start the service, which begins anew"}
	}
	db := newDB(path, opts, nil)
	var f found
	err = db.readers.do(ctx, op, func(c *conn) error {
		f, err = describe(ctx, c)
		return err
	})
	if err == nil {
		err = examineReadOnly(path, f, opts)
	} else {
		err = unreadable(err)
	}
	if err != nil {
		return nil, "", errors.Join(err, db.Close())
	}
	db.name(f.owner)
	db.noLog, db.noInbox = !f.logs, !f.follows
	return db, f.owner, nil
}

func examineReadOnly(path string, f found, opts Options) error {
	if f.owner == "" {
		return noDatabase(path)
	}
	if opts.Owner != "" {
		if err := f.checkOwner(path, opts.Owner); err != nil {
			return err
		}
	}
	delete(f.applied, serviceComponent)
	_, err := newPlan(f, nil, false)
	return err
}

// settings are the parameters of a connection that reads.
func readerSettings(readOnly bool) url.Values {
	params := url.Values{"_pragma": {"query_only(1)"}}
	if readOnly {
		params.Set("mode", "ro")
	}
	return params
}

// writerSettings are those of the connection that writes. It never checkpoints by
// itself.
func writerSettings(s Synchronous) url.Values {
	return url.Values{"_pragma": append([]string{"journal_mode(WAL)", "wal_autocheckpoint(0)"}, syncSettings(s)...)}
}

// syncSettings are the pragmas of a level. On macOS a sync does not reach beyond the
// drive's cache unless fullfsync says so; elsewhere that means nothing.
func syncSettings(s Synchronous) []string {
	return []string{"synchronous(" + string(s) + ")", "fullfsync(1)"}
}

func (db *DB) now() time.Time { return db.clock.Now() }
