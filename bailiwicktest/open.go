package bailiwicktest

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bailiwick/bailiwick"
	"github.com/bailiwick/bailiwick/engine/postgres"
	"github.com/bailiwick/bailiwick/engine/sqlite"
	"github.com/bailiwick/bailiwick/service/trace"
	"github.com/bailiwick/bailiwick/store"
)

// Variable is the environment variable that holds the URL of a PostgreSQL database.
// Where it is set, [Open] and [Run] give each service a schema of its own there; the
// user that the URL names must be allowed to create one.
const Variable = "BAILIWICK_TEST_POSTGRES"

// An Option changes how a database is opened.
type Option func(*settings)

type settings struct {
	place
	clock bailiwick.Clock
}

// A place is where a database is.
type place struct {
	at     string // the URL of a PostgreSQL database, or the path of a SQLite file
	schema string // in a PostgreSQL database; "" means the usual one
}

// At opens the database at a place, instead of a new one: "postgres://…", or the path
// of a SQLite file.
func At(where string) Option { return func(s *settings) { s.place = place{at: where} } }

// WithClock has the database take its time from there.
func WithClock(c bailiwick.Clock) Option { return func(s *settings) { s.clock = c } }

// Open opens a database that belongs to owner and to the test alone, and closes it
// when the test ends: a SQLite file in a temporary directory, or a schema in the
// database that [Variable] names. It fails the test if that cannot be.
//
// Nothing is trimmed from its log, so that a test sees all that was published. What
// it logs is told with the test's own output.
func Open(t testing.TB, owner string, migrations []store.Migration, opts ...Option) *store.DB {
	t.Helper()
	var s settings
	for _, o := range opts {
		o(&s)
	}
	if s.at == "" {
		s.place = newPlace(t, t.TempDir(), owner)
	}
	db := open(t, owner, migrations, s)
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

// newPlace returns where a new database for owner is to be.
func newPlace(t testing.TB, dir, owner string) place {
	t.Helper()
	if url := os.Getenv(Variable); url != "" {
		return newSchema(t, url, owner)
	}
	return place{at: filepath.Join(dir, owner+".db")}
}

// never is when a test's log is trimmed.
const never = 100 * 365 * 24 * time.Hour

func open(t testing.TB, owner string, migrations []store.Migration, s settings) *store.DB {
	t.Helper()
	above := store.Options{Clock: s.clock, Logger: logger(t), Retention: store.Retention{Every: never}}
	var db *store.DB
	var err error
	if strings.HasPrefix(s.at, "postgres://") || strings.HasPrefix(s.at, "postgresql://") {
		db, err = postgres.Open(t.Context(), s.at, postgres.Options{Owner: owner, Schema: s.schema, Migrations: migrations, Store: above})
	} else {
		// A power cut is not among the crashes that a test can cause.
		db, err = sqlite.Open(t.Context(), s.at, sqlite.Options{Owner: owner, Migrations: migrations, Store: above, Synchronous: sqlite.Off})
	}
	must(t, err)
	return db
}

// logger writes to the test's output, which shows when it fails.
func logger(t testing.TB) *slog.Logger {
	return slog.New(trace.LogHandler(slog.NewTextHandler(t.Output(), nil)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
