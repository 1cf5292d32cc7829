// Package storetest is the conformance suite of engines: each promise of package
// store/driver is a case here, and every engine passes all of it.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Harness {
//			path := filepath.Join(t.TempDir(), "test.db")
//			return storetest.Harness{ … }
//		})
//	}
//
// One engine never tests a port: the suite has been run by at least two since its
// first day. What only one engine can get wrong is tested beside that engine.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/store"
	"github.com/bailiwick/bailiwick/store/driver"
)

// A Harness is a place for one database of an engine. The suite asks for a fresh
// one for every case.
type Harness struct {
	// Open opens the database: a fresh one the first time, later the same again. It
	// is called while the database is open only where the engine's capabilities say
	// Shared, or to see that it is refused.
	Open func(context.Context, Setup) (*store.DB, error)
	// OpenDriver is Open without the store on top.
	OpenDriver func(context.Context, Setup) (driver.DB, error)
	// HoldOpen begins a transaction, not through this package, that has written
	// something and stays open until release is called: in this database, and where
	// the engine is a server also in another one of its databases. nil where there
	// cannot be such a transaction because there is one writer.
	HoldOpen func(t *testing.T) (release func())
}

// Setup is how a case wants its database opened.
type Setup struct {
	Owner      string
	Migrations []store.Migration
	// Contract is the engine's option of that name.
	Contract bool
	Store    store.Options
}

// patience is how long the suite waits for what must happen.
const patience = 30 * time.Second

// Run runs every case in a database of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	for _, group := range groups {
		runCases(t, group.name, group.cases, open)
	}
}

// groups is the suite.
var groups = []struct {
	name  string
	cases []testCase
}{
	{"Transaction", transactionCases},
	{"Statements", statementCases},
	{"Context", contextCases},
	{"Log", logCases},
	{"Concurrency", concurrencyCases},
	{"Stamping", stampingCases},
	{"Retention", retentionCases},
	{"Position", positionCases},
	{"Claim", claimCases},
	{"Record", recordCases},
	{"Lease", leaseCases},
	{"Opening", openingCases},
	{"Phase", phaseCases},
}

func runCases(t *testing.T, group string, cases []testCase, open func(t *testing.T) Harness) {
	t.Run(group, func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
				t.Cleanup(cancel)
				c.run(&suite{T: t, ctx: ctx, harness: open(t)})
			})
		}
	})
}

type testCase struct {
	name string
	run  func(*suite)
}

// suite is what a case works with.
type suite struct {
	*testing.T
	ctx     context.Context
	harness Harness
}

// tables is the schema that cases use beside the primitives.
var tables = []store.Migration{{Version: 1, Name: "entries", SQL: `CREATE TABLE entry (id VARCHAR(64) PRIMARY KEY, amount BIGINT NOT NULL);
CREATE TABLE other (id VARCHAR(64) PRIMARY KEY, amount BIGINT NOT NULL);`}}

func (s *suite) setup() Setup {
	return Setup{Owner: "order", Migrations: tables, Store: store.Options{Retention: store.Retention{Every: time.Hour}}}
}

// open opens the database and does its background work until the case ends.
func (s *suite) open() *store.DB { return s.openWith(s.setup()) }

func (s *suite) openWith(setup Setup) *store.DB {
	s.Helper()
	db, _ := s.openAndClose(setup)
	return db
}

// openAndClose opens the database and returns how to close it before the case ends.
func (s *suite) openAndClose(setup Setup) (*store.DB, func()) {
	s.Helper()
	db, err := s.harness.Open(s.ctx, setup)
	if err != nil {
		s.Fatalf("opening: %v", err)
	}
	ctx, cancel := context.WithCancel(s.ctx)
	stopped := make(chan error, 1)
	go func() { stopped <- db.Run(ctx) }()
	closed := false
	closeIt := func() {
		if closed {
			return
		}
		closed = true
		cancel()
		if err := <-stopped; err != nil {
			s.Errorf("background work: %v", err)
		}
		if err := db.Close(); err != nil {
			s.Errorf("closing: %v", err)
		}
	}
	s.Cleanup(closeIt)
	return db, closeIt
}

// openDriver opens the database without the store.
func (s *suite) openDriver() driver.DB {
	s.Helper()
	drv, err := s.harness.OpenDriver(s.ctx, s.setup())
	if err != nil {
		s.Fatalf("opening: %v", err)
	}
	s.Cleanup(func() {
		if err := drv.Close(); err != nil {
			s.Errorf("closing: %v", err)
		}
	})
	return drv
}

// do runs a transaction that must succeed.
func (s *suite) do(db *store.DB, fn func(*store.Tx) error) {
	s.Helper()
	if err := db.Do(s.ctx, fn); err != nil {
		s.Fatalf("transaction: %v", err)
	}
}

// read runs a snapshot that must succeed.
func (s *suite) read(db *store.DB, fn func(*store.Tx) error) {
	s.Helper()
	if err := db.Read(s.ctx, fn); err != nil {
		s.Fatalf("read: %v", err)
	}
}

// publish commits one message.
func (s *suite) publish(db *store.DB, typ, key string) {
	s.Helper()
	s.do(db, func(tx *store.Tx) error { return tx.Publish(message(typ, key)) })
}

func message(typ, key string) bailiwick.Message {
	return bailiwick.Message{Type: typ, Key: key, Version: 1, Data: []byte(`{}`)}
}

// feed registers a follower.
func (s *suite) feed(db *store.DB, who store.Subscriber) *store.Feed {
	s.Helper()
	f, err := db.Log().Feed(s.ctx, who)
	if err != nil {
		s.Fatalf("registering %s: %v", who.Name, err)
	}
	return f
}

// next reads n messages after a position, as a follower would, and returns them
// with the position after them.
func (s *suite) next(f *store.Feed, after bailiwick.Position, n int) ([]*bailiwick.Message, bailiwick.Position) {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	var list []*bailiwick.Message
	for len(list) < n {
		if err := f.Wait(ctx, after); err != nil {
			s.Fatalf("waiting for message %d of %d: %v", len(list)+1, n, err)
		}
		batch, err := f.Read(ctx, after, n-len(list))
		if err != nil {
			s.Fatalf("reading after %s: %v", after, err)
		}
		list = append(list, batch.Messages...)
		after = batch.Through
	}
	return list, after
}

// head waits until the log's head is n.
func (s *suite) head(db *store.DB, n int64) {
	s.Helper()
	s.eventually("the log's head to reach its end", func() bool {
		state, err := db.Log().State(s.ctx)
		if err != nil {
			s.Fatal(err)
		}
		return state.Head == n
	})
}

// eventually waits for what no event tells of.
func (s *suite) eventually(what string, ok func() bool) {
	s.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			s.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// code fails unless err has the code.
func (s *suite) code(err error, want bailiwick.Code) {
	s.Helper()
	if got := bailiwick.CodeOf(err); got != want {
		s.Fatalf("got the code %q (%v), want %q", got, err, want)
	}
}
