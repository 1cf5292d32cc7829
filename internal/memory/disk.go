package memory

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// Options say what kind of database a Disk holds. The zero value has one owner and
// one writer.
type Options struct {
	// Shared lets several owners have it open at once.
	Shared bool
	// Stamps has several transactions at once, whose messages get their places after
	// commit.
	Stamps bool
	// Clock is the server's, by which leases run out; nil means the system's.
	Clock bailiwick.Clock
	// Hold is asked at every [Moment], on the goroutine that came to it, and may keep
	// it there; nil means that nothing is held up or broken. No lock is held meanwhile
	// but those of the transaction.
	Hold func(context.Context, *DB, Moment) Fate
}

// A Moment is a point in the work of a database at which it may be held up or broken.
type Moment struct {
	// Op is what is about to happen: "begin", "append", "locked", "commit", "stamp",
	// "trim", "lease" or "release". A transaction begins with its first statement, so that it
	// is known what it is about. "locked" comes after a wait for another transaction.
	Op string
	// What tells it from others: the first statement, the lock, the lease.
	What string
}

// A Fate is what becomes of a [Moment].
type Fate struct {
	// Before keeps it from happening, and is what is answered.
	Before error
	// After is answered although it happened.
	After error
}

// A Disk is a database that survives its owners. It may be used by several goroutines
// at once.
type Disk struct {
	options Options

	mu    sync.Mutex
	owner string // recorded when it was first opened
	open  map[*DB]bool
	state *state
	locks map[string]*lock
	// holders says through whom a lease was taken, so that one who has gone holds none.
	holders map[string]*DB
	lastID  int64 // of staged messages; drawn when they are appended, and never given back
	broken  func() (before, after error)
}

// NewDisk returns a new database.
func NewDisk(options Options) *Disk {
	if options.Clock == nil {
		options.Clock = bailiwick.SystemClock{}
	}
	return &Disk{options: options, open: map[*DB]bool{}, state: newState(), locks: map[string]*lock{}, holders: map[string]*DB{}}
}

// Share lets several owners have the database open from now on.
func (d *Disk) Share() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.options.Shared = true
}

// Break has commits fail as fault says, nil mends it: before keeps a commit from
// happening, after lets it happen and hides that.
func (d *Disk) Break(fault func() (before, after error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = fault
}

// Open opens the database as a process that starts would, see [Disk.OpenDriver].
func (d *Disk) Open(owner string, options store.Options) (*store.DB, error) {
	drv, err := d.OpenDriver(owner)
	if err != nil {
		return nil, err
	}
	return store.New(drv, owner, options), nil
}

var (
	errOthers = errors.New("the database belongs to another service")
	errOpen   = errors.New("the database has an owner, and is not shared")
)

// OpenDriver is Open without the store on top. The code is [bailiwick.WrongOwner]
// where it belongs to another service, and [bailiwick.Locked] where it is open and not
// shared.
func (d *Disk) OpenDriver(owner string) (*DB, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.owner != "" && d.owner != owner:
		return nil, &bailiwick.Error{Code: bailiwick.WrongOwner, Op: "memory: open " + owner, Err: errOthers}
	case len(d.open) > 0 && !d.options.Shared:
		return nil, &bailiwick.Error{Code: bailiwick.Locked, Op: "memory: open " + owner, Err: errOpen}
	}
	d.owner = owner
	db := &DB{disk: d, log: store.LogName(owner), onCommit: func([]bailiwick.Message) {}, idle: make(chan struct{}), killed: make(chan struct{})}
	d.open[db] = true
	return db, nil
}

// A Copy is what a disk held at one moment.
type Copy struct{ state *state }

// Copy returns what is committed, as a backup would.
func (d *Disk) Copy() Copy {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Copy{d.state.clone()}
}

// Restore puts a copy in the place of what the disk holds and begins a new incarnation
// of its log, which forks at the returned place. Nobody has the disk open.
func (d *Disk) Restore(c Copy) bailiwick.Fork {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state = c.state.clone()
	fork := bailiwick.Fork{Epoch: d.state.epoch() + 1, Seq: d.state.head}
	d.state.history = append(d.state.history, fork)
	return fork
}

// Empty makes the disk a new one, with nothing on it. Nobody has it open.
func (d *Disk) Empty() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.owner, d.state = "", newState()
}

// Messages returns all messages that were ever stamped in the log's present past, also
// those that it has trimmed.
func (d *Disk) Messages() []bailiwick.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.SortedFunc(slices.Values(slices.Concat(d.state.trimmed, d.state.log)), func(a, b bailiwick.Message) int {
		return cmp.Compare(a.Seq, b.Seq)
	})
}

// Head returns the seq of the last stamped message, and how many are committed and
// not stamped yet.
func (d *Disk) Head() (head int64, staged int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.head, len(d.state.staging)
}

// Positions returns where all followers in the database stand, in no order.
func (d *Disk) Positions() []driver.Position {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.state.positions))
}

// Records returns the records of a kind, by key.
func (d *Disk) Records(kind string) map[string]driver.Record {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.state.records[kind])
}

// Busy says whether a transaction has the single writer.
func (d *Disk) Busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.locks[writer] != nil
}
